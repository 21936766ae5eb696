import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exited, memoryWith, picture, podWith, sandbox, seen } from '../testing/pictures.ts'
import type { PodMemory } from './memory.ts'
import type { PodPicture } from './picture.ts'
import { type Action, planPod, underWay } from './plan.ts'
import type { LivePod } from './pod.ts'

const LIMITS = { memoryCapacity: 2 ** 32, lowestOomScore: -1000 }
const NOTHING = picture([])

interface Case {
  title: string
  pod?: LivePod
  picture: PodPicture
  memory?: PodMemory
  at?: number
  /** Actions in short: `start main#1`, `stop main 30s`, `remove main-0`. */
  does: string[]
  wakeAt?: number
}

const main = { name: 'main', image: 'busybox' }
const other = { name: 'other', image: 'busybox' }
const first = { name: 'first', image: 'busybox' }
const second = { name: 'second', image: 'busybox' }
const helper = { name: 'helper', image: 'busybox', restartPolicy: 'Always' }
const box = sandbox()
const never = podWith({ restartPolicy: 'Never' })
const onFailure = podWith({ restartPolicy: 'OnFailure' })
const two = podWith({ containers: [main, other] })
const withInits = podWith({ initContainers: [first, second] })
const withHelper = podWith({ initContainers: [helper] })
const startupHelper = podWith({ initContainers: [{ ...helper, startupProbe: { exec: { command: ['true'] } } }] })
const deleted = (pod: LivePod, grace = 30): LivePod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: grace },
})
const busy = (name: string, kind: 'start' | 'stop' | 'other', deadline?: number) =>
  memoryWith({ busy: new Map([[name, { kind, ...(deadline === undefined ? {} : { deadline }) }]]) })
const died = (...times: [string, number][]) => memoryWith({ diedAt: new Map(times) })
const failing = (key: string, retryAt: number, tried: Action['do'] = key ? 'start' : 'create sandbox') =>
  memoryWith({ failures: new Map([[key, { tried, reason: 'X', message: 'x', count: 1, pauseMs: 1000, retryAt }]]) })

const BEGINNING: Case[] = [
  { title: 'volumes come first', picture: NOTHING, memory: memoryWith({ prepared: false }), does: ['prepare'] },
  { title: 'then the sandbox', picture: NOTHING, does: ['create sandbox#0'] },
  { title: 'nothing while one is made', picture: NOTHING, memory: busy('', 'other'), does: [] },
  { title: 'not again before its pause is over', picture: NOTHING, memory: failing('', 500), does: [], wakeAt: 500 },
  { title: 'but then', picture: NOTHING, memory: failing('', 500), at: 500, does: ['create sandbox#0'] },
  { title: 'then the container', picture: picture([box]), does: ['start main#0'] },
  { title: 'containers in order', pod: two, picture: picture([box]), does: ['start main#0'] },
  { title: 'one start at a time', pod: two, picture: picture([box]), memory: busy('main', 'start'), does: [] },
  { title: 'then the next', pod: two, picture: picture([box], seen('main')), does: ['start other#0'] },
  {
    title: 'one that cannot start does not hold the next',
    pod: two,
    picture: picture([box]),
    memory: failing('main', 900),
    does: ['start other#0'],
    wakeAt: 900,
  },
  { title: 'nothing more when all runs', picture: picture([box], seen('main')), does: [] },
  {
    title: 'an adopted pod gets its volumes before something starts in it',
    pod: two,
    picture: picture([box], seen('main')),
    memory: memoryWith({ prepared: false }),
    does: ['prepare'],
  },
  {
    title: 'a refused pod does nothing',
    picture: NOTHING,
    memory: memoryWith({ refusal: 'spec.x is not supported' }),
    does: [],
  },
  {
    title: 'what was made and never started is removed, and its number used again',
    picture: picture([box], seen('main', { state: 'created' })),
    does: ['remove main-0'],
  },
  {
    title: 'the same for a sandbox',
    picture: picture([sandbox({ state: 'created' })]),
    does: ['remove box'],
  },
]

const INITS: Case[] = [
  { title: 'the first one', pod: withInits, picture: picture([box]), does: ['start first#0'] },
  { title: 'waits while it runs', pod: withInits, picture: picture([box], seen('first')), does: [] },
  { title: 'then the second', pod: withInits, picture: picture([box], exited('first', 0)), does: ['start second#0'] },
  {
    title: 'a failed one again',
    pod: withInits,
    picture: picture([box], exited('first', 1)),
    memory: died(['first-0', 0]),
    does: ['start first#1'],
  },
  {
    title: 'all done: the containers',
    pod: withInits,
    picture: picture([box], exited('first', 0), exited('second', 0)),
    does: ['start main#0'],
  },
  {
    title: 'they are not run again when somebody removed one of a running pod',
    pod: withInits,
    picture: picture([box], exited('first', 0), seen('main')),
    does: [],
  },
  {
    title: 'they are run again in a new sandbox',
    pod: withInits,
    picture: picture([sandbox({ id: 'box2', attempt: 1 })], exited('first', 0), exited('main', 255)),
    memory: died(['first-0', 0], ['main-0', 0]),
    does: ['start first#1'],
  },
  { title: 'a sidecar first', pod: withHelper, picture: picture([box]), does: ['start helper#0'] },
  {
    title: 'once it runs the others',
    pod: withHelper,
    picture: picture([box], seen('helper', { kind: 'sidecar' })),
    does: ['start main#0'],
  },
  {
    title: 'not before it has started',
    pod: startupHelper,
    picture: picture([box], seen('helper', { kind: 'sidecar' })),
    does: [],
  },
  {
    title: 'a sidecar that died is started again',
    pod: withHelper,
    picture: picture([box], exited('helper', 0, { kind: 'sidecar' }), seen('main')),
    memory: died(['helper-0', 0]),
    does: ['start helper#1'],
  },
]

const RESTARTS: Case[] = [
  { title: 'at once after the first failure', picture: picture([box], exited('main', 1)), does: ['start main#1'] },
  {
    title: 'a second after the next one',
    picture: picture([box], exited('main', 1, { attempt: 1, crashes: 1 })),
    memory: died(['main-0', 100]),
    at: 200,
    does: [],
    wakeAt: 1100,
  },
  {
    title: 'and then',
    picture: picture([box], exited('main', 1, { attempt: 1, crashes: 1 })),
    memory: died(['main-0', 100]),
    at: 1100,
    does: ['start main#2'],
  },
  {
    title: 'never more than a minute',
    picture: picture([box], exited('main', 1, { attempt: 50, crashes: 50 })),
    memory: died(['main-0', 0]),
    at: 0,
    does: [],
    wakeAt: 60_000,
  },
  {
    title: 'at once when it ran for a minute',
    picture: picture([box], exited('main', 1, { attempt: 5, crashes: 5, finishedAt: 60_000 })),
    memory: died(['main-0', 0]),
    does: ['start main#6'],
  },
  {
    title: 'at once when what it failed by has changed',
    picture: picture([box], exited('main', 1, { attempt: 5, crashes: 5 })),
    memory: memoryWith({ diedAt: new Map([['main-0', 0]]), forgivenAt: 10 }),
    at: 20,
    does: ['start main#6'],
  },
  {
    title: 'success too, where the policy says Always',
    picture: picture([box], exited('main', 0)),
    does: ['start main#1'],
  },
  {
    title: 'not with OnFailure: the pod is done',
    pod: onFailure,
    picture: picture([box], exited('main', 0)),
    does: ['remove box'],
  },
  {
    title: 'failure with OnFailure',
    pod: onFailure,
    picture: picture([box], exited('main', 1)),
    does: ['start main#1'],
  },
  { title: 'nothing with Never', pod: never, picture: picture([box], exited('main', 1)), does: ['remove box'] },
  {
    title: 'a rule of the container goes before the policy',
    pod: podWith({
      restartPolicy: 'Never',
      containers: [
        {
          ...main,
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        },
      ],
    }),
    picture: picture([box], exited('main', 42)),
    does: ['start main#1'],
  },
  {
    title: 'a removed container is counted by the status',
    pod: podWith(
      {},
      { status: { containerStatuses: [{ name: 'main', restartCount: 4, containerID: 'docker://x' } as never] } },
    ),
    picture: picture([box]),
    does: ['start main#5'],
  },
  {
    title: 'only two attempts are kept',
    picture: picture(
      [box],
      seen('main', { id: 'c', attempt: 2 }),
      exited('main', 1, { id: 'b', attempt: 1 }),
      exited('main', 1),
    ),
    does: ['remove main-0'],
  },
]

const REPLACEMENTS: Case[] = [
  {
    title: 'a failed liveness probe',
    picture: picture([box], seen('main')),
    memory: memoryWith({
      probes: new Map([['main-0', { started: true, ready: true, failed: { probe: 'liveness' } }]]),
    }),
    does: ['stop main 30s: Container main failed liveness probe, will be restarted'],
  },
  {
    title: 'with the grace of the probe',
    picture: picture([box], seen('main')),
    memory: memoryWith({
      probes: new Map([['main-0', { started: true, ready: true, failed: { probe: 'startup', graceSeconds: 3 } }]]),
    }),
    does: ['stop main 3s: Container main failed startup probe, will be restarted'],
  },
  {
    title: 'a failed probe in a pod that never restarts',
    pod: never,
    picture: picture([box], seen('main')),
    memory: memoryWith({
      probes: new Map([['main-0', { started: true, ready: true, failed: { probe: 'liveness' } }]]),
    }),
    does: ['stop main 30s: Container main failed liveness probe'],
  },
  {
    title: 'another image',
    pod: podWith({ containers: [{ name: 'main', image: 'busybox:2' }] }),
    picture: picture([box], seen('main')),
    does: ['stop main 30s: Container main definition changed, will be restarted'],
  },
  {
    title: 'other limits, in place',
    pod: podWith({ containers: [{ ...main, resources: { limits: { memory: '1Mi' } } }] }),
    picture: picture([box], seen('main')),
    does: ['resize main'],
  },
  {
    title: 'other limits, by a restart where the container wants one',
    pod: podWith({
      containers: [
        {
          ...main,
          resources: { limits: { memory: '1Mi' } },
          resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
        },
      ],
    }),
    picture: picture([box], seen('main')),
    does: ['stop main 30s: Container main resize requires restart'],
  },
  {
    title: 'a dead sandbox: what still runs in it first',
    picture: picture([sandbox({ state: 'exited' })], seen('main')),
    does: ['stop main 0s: its sandbox is gone'],
  },
  {
    title: 'then a new one',
    picture: picture([sandbox({ state: 'exited' })], exited('main', 137)),
    does: ['create sandbox#1'],
  },
  {
    title: 'no new one where nothing is to run again',
    pod: never,
    picture: picture([sandbox({ state: 'exited' })], exited('main', 137)),
    does: ['remove box'],
  },
]

const ENDINGS: Case[] = [
  {
    title: 'starts are called off first',
    pod: deleted(two),
    picture: picture([box]),
    memory: busy('main', 'start'),
    does: ['cancel main'],
  },
  {
    title: 'while one start is called off, what runs is stopped already',
    pod: deleted(two),
    picture: picture([box], seen('main')),
    memory: busy('other', 'start'),
    does: ['cancel other', 'stop main 30s: the pod is ending (deleted)'],
  },
  {
    title: 'one that runs its postStart hook is called off before it is stopped',
    pod: deleted(two),
    picture: picture([box], seen('main')),
    memory: busy('main', 'start'),
    does: ['cancel main'],
  },
  {
    title: 'sidecars wait for starts that are called off',
    pod: deleted(withHelper),
    picture: picture([box], seen('helper', { kind: 'sidecar' })),
    memory: busy('main', 'start'),
    does: ['cancel main'],
  },
  {
    title: 'the pause of a start that failed holds back no stop',
    pod: deleted(podWith({})),
    picture: picture([box], seen('main')),
    memory: failing('main', 60_000),
    does: ['stop main 30s: the pod is ending (deleted)'],
  },
  {
    title: 'the pause of volumes that could not be made does not keep the pod',
    pod: deleted(podWith({})),
    picture: NOTHING,
    memory: failing('', 60_000, 'prepare'),
    does: ['finish'],
  },
  {
    title: 'but a stop that failed has a pause of its own',
    pod: deleted(podWith({})),
    picture: picture([box], seen('main')),
    memory: failing('main', 2000, 'stop'),
    does: [],
    wakeAt: 2000,
  },
  {
    title: 'all containers together',
    pod: deleted(two),
    picture: picture([box], seen('main'), seen('other')),
    does: ['stop main 30s: the pod is ending (deleted)', 'stop other 30s: the pod is ending (deleted)'],
  },
  {
    title: 'sidecars after the others',
    pod: deleted(withHelper),
    picture: picture([box], seen('helper', { kind: 'sidecar' }), seen('main')),
    does: ['stop main 30s: the pod is ending (deleted)'],
  },
  {
    title: 'sidecars with what is left of the grace',
    pod: deleted(withHelper),
    picture: picture([box], seen('helper', { kind: 'sidecar' }), exited('main', 0)),
    memory: memoryWith({ endingSince: 0 }),
    at: 20_000,
    does: ['stop helper 10s: the pod is ending (deleted)'],
  },
  {
    title: 'a stop under way is left alone',
    pod: deleted(podWith({})),
    picture: picture([box], seen('main')),
    memory: { ...busy('main', 'stop', 30_000), endingSince: 0 },
    does: [],
  },
  {
    title: 'unless the grace was cut short',
    pod: deleted(podWith({}), 2),
    picture: picture([box], seen('main')),
    memory: { ...busy('main', 'stop', 30_000), endingSince: 0 },
    at: 1000,
    does: ['stop main 1s: the pod is ending (deleted)'],
  },
  {
    title: 'then everything is removed',
    pod: deleted(podWith({})),
    picture: picture([box], exited('main', 0)),
    does: ['remove main-0', 'remove box'],
  },
  { title: 'and the pod is finished', pod: deleted(podWith({})), picture: NOTHING, does: ['finish'] },
  {
    title: 'a pod that succeeded keeps its containers for their logs',
    pod: podWith({ restartPolicy: 'Never' }, { status: { phase: 'Succeeded' } }),
    picture: picture([box], exited('main', 0)),
    does: ['remove box'],
  },
  {
    title: 'and gives its volumes back',
    pod: podWith({ restartPolicy: 'Never' }, { status: { phase: 'Succeeded' } }),
    picture: picture([], exited('main', 0)),
    does: ['release'],
  },
  {
    title: 'once',
    pod: podWith({ restartPolicy: 'Never' }, { status: { phase: 'Succeeded' } }),
    picture: picture([], exited('main', 0)),
    memory: memoryWith({ released: true }),
    does: [],
  },
  {
    title: 'an evicted pod',
    picture: picture([box], seen('main')),
    memory: memoryWith({ ending: { why: 'evicted', reason: 'Evicted', message: 'low', graceSeconds: 0 } }),
    does: ['stop main 0s: the pod is ending (evicted)'],
  },
  {
    title: 'a pod that nobody knows any more',
    picture: picture([box], seen('main')),
    memory: memoryWith({ ending: { why: 'gone', graceSeconds: 1 } }),
    does: ['stop main 1s: the pod is ending (gone)'],
  },
  {
    title: 'a deadline to come is a reason to wake',
    pod: podWith({ activeDeadlineSeconds: 10 }, { status: { startTime: '1970-01-01T00:00:00Z' } }),
    picture: picture([box], seen('main')),
    at: 4000,
    does: [],
    wakeAt: 10_000,
  },
  {
    title: 'a deadline that is over',
    pod: podWith({ activeDeadlineSeconds: 10 }, { status: { startTime: '1970-01-01T00:00:00Z' } }),
    picture: picture([box], seen('main')),
    at: 10_000,
    does: ['stop main 30s: the pod is ending (deadline)'],
  },
]

function inShort(action: Action): string {
  switch (action.do) {
    case 'start':
      return `start ${action.name}#${action.attempt}`
    case 'create sandbox':
      return `create sandbox#${action.attempt}`
    case 'stop':
      return `stop ${action.name} ${Math.round(action.graceSeconds)}s: ${action.why}`
    case 'remove':
      return `remove ${action.id}`
    case 'cancel':
    case 'resize':
      return `${action.do} ${action.name}`
    default:
      return action.do
  }
}

function check(cases: Case[]): void {
  for (const { title, pod = podWith({}), picture, memory = memoryWith(), at = 0, does, wakeAt } of cases) {
    it(title, () => {
      const plan = planPod({ pod, picture, memory, limits: LIMITS, at, wall: at })
      assert.deepEqual(plan.actions.map(inShort), does)
      if (wakeAt !== undefined) assert.equal(plan.wakeAt, wakeAt)
      assert.ok(
        plan.actions.every(action => action.why.length > 0),
        'every action says why',
      )
    })
  }
}

describe('planning a pod: its beginning', () => check(BEGINNING))
describe('planning a pod: init containers and sidecars', () => check(INITS))
describe('planning a pod: restarts', () => check(RESTARTS))
describe('planning a pod: replacements', () => check(REPLACEMENTS))
describe('what counts as under way', () => {
  const CASES: [
    title: string,
    kind: 'start' | 'stop' | 'other',
    ended: boolean,
    picture: PodPicture,
    counts: boolean,
  ][] = [
    ['what is', 'start', false, picture([box]), true],
    ['a start that ended while it was looked', 'start', true, picture([box]), true],
    ['a stop that ended, of what still seems to run', 'stop', true, picture([box], seen('main')), true],
    ['a stop that ended, and it shows', 'stop', true, picture([box], exited('main', 0)), false],
    ['a stop that goes on though the program has ended', 'stop', false, picture([box], exited('main', 0)), true],
  ]
  for (const [title, kind, ended, shown, counts] of CASES) {
    it(title, () => {
      const before = new Map([['main', { kind }]])
      assert.equal(underWay(before, ended ? new Map() : before, shown).has('main'), counts)
    })
  }
})

describe('planning a pod: its end', () => check(ENDINGS))
