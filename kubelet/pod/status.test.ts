import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerStatus } from '../../api/types/core-v1.ts'
import { exited, memoryWith, picture, podWith, sandbox, seen } from '../testing/pictures.ts'
import type { StatusInput } from './container-status.ts'
import { type Phase, podStatus } from './status.ts'

const box = sandbox()
const main = { name: 'main', image: 'busybox' }
const never = podWith({ restartPolicy: 'Never' })
const withInit = podWith({ initContainers: [{ name: 'first', image: 'busybox' }] })
const two = podWith({ restartPolicy: 'Never', containers: [main, { ...main, name: 'other' }] })
const probed = podWith({ containers: [{ ...main, readinessProbe: { exec: { command: ['true'] } } }] })
const WALL = Date.UTC(2026, 0, 1, 12)

function input(more: Partial<StatusInput>): StatusInput {
  return {
    pod: podWith({}),
    picture: picture([]),
    memory: memoryWith(),
    nodeIp: '192.168.0.5',
    wall: WALL,
    messages: new Map(),
    imageIds: new Map(),
    ...more,
  }
}

const PHASES: { title: string; input: Partial<StatusInput>; phase: Phase }[] = [
  { title: 'nothing there yet', input: {}, phase: 'Pending' },
  { title: 'a sandbox alone', input: { picture: picture([box]) }, phase: 'Pending' },
  {
    title: 'an init container at work',
    input: { pod: withInit, picture: picture([box], seen('first')) },
    phase: 'Pending',
  },
  { title: 'a container that runs', input: { picture: picture([box], seen('main')) }, phase: 'Running' },
  { title: 'one of two not begun', input: { pod: two, picture: picture([box], seen('main')) }, phase: 'Pending' },
  { title: 'between two attempts', input: { picture: picture([box], exited('main', 1)) }, phase: 'Running' },
  { title: 'done well', input: { pod: never, picture: picture([box], exited('main', 0)) }, phase: 'Succeeded' },
  { title: 'done badly', input: { pod: never, picture: picture([box], exited('main', 3)) }, phase: 'Failed' },
  {
    title: 'one done, one at work',
    input: { pod: two, picture: picture([box], exited('main', 0), seen('other')) },
    phase: 'Running',
  },
  {
    title: 'one of two badly',
    input: { pod: two, picture: picture([box], exited('main', 0), exited('other', 1)) },
    phase: 'Failed',
  },
  {
    title: 'evicted and still running',
    input: { picture: picture([box], seen('main')), ending: { why: 'evicted', reason: 'Evicted', graceSeconds: 0 } },
    phase: 'Running',
  },
  {
    title: 'evicted',
    input: {
      picture: picture([], exited('main', 137)),
      ending: { why: 'evicted', reason: 'Evicted', graceSeconds: 0 },
    },
    phase: 'Failed',
  },
  {
    title: 'deleted, after a good end',
    input: { picture: picture([], exited('main', 0)), ending: { why: 'deleted', graceSeconds: 30 } },
    phase: 'Succeeded',
  },
  {
    title: 'an end that was reported stays',
    input: { pod: podWith({}, { status: { phase: 'Failed' } }), picture: picture([]) },
    phase: 'Failed',
  },
]

describe('the phase of a pod', () => {
  for (const { title, input: more, phase } of PHASES) {
    it(title, () => assert.equal(podStatus(input(more)).phase, phase))
  }
})

const SHUTDOWN = { reason: 'Terminated', message: 'the machine goes down' }
const EXPLANATIONS: [title: string, input: Partial<StatusInput>, reason: string | undefined][] = [
  ['of a pod that ends', { ending: { why: 'shutdown', graceSeconds: 1, ...SHUTDOWN } }, 'Terminated'],
  ['of one that has ended', { pod: podWith({}, { status: { phase: 'Failed', ...SHUTDOWN } }) }, 'Terminated'],
  ['is over when it starts again', { pod: podWith({}, { status: { phase: 'Running', ...SHUTDOWN } }) }, undefined],
]

describe('the reason that kubectl shows as the status of a pod', () => {
  for (const [title, more, reason] of EXPLANATIONS) {
    it(title, () => assert.equal(podStatus(input(more)).reason, reason))
  }
})

const running = (more: Partial<ContainerStatus>) => ({
  name: 'main',
  restartCount: 0,
  image: '',
  imageID: '',
  ready: true,
  ...more,
})

const STATES: { title: string; input: Partial<StatusInput>; expect: Partial<ContainerStatus> }[] = [
  {
    title: 'about to be made',
    input: { picture: picture([box]) },
    expect: { restartCount: 0, ready: false, state: { waiting: { reason: 'ContainerCreating' } } },
  },
  {
    title: 'behind an init container',
    input: { pod: withInit, picture: picture([box], seen('first')) },
    expect: { state: { waiting: { reason: 'PodInitializing' } } },
  },
  {
    title: 'running',
    input: { picture: picture([box], seen('main', { startedAt: WALL })) },
    expect: {
      ready: true,
      started: true,
      containerID: 'docker://main-0',
      state: { running: { startedAt: '2026-01-01T12:00:00Z' } },
    },
  },
  {
    title: 'its postStart hook at work',
    input: {
      picture: picture([box], seen('main')),
      memory: memoryWith({ busy: new Map([['main', { kind: 'start' }]]) }),
    },
    expect: { ready: false, started: false },
  },
  {
    title: 'not known to be ready',
    input: { pod: probed, picture: picture([box], seen('main')) },
    expect: { ready: false, started: true },
  },
  {
    title: 'found ready',
    input: {
      pod: probed,
      picture: picture([box], seen('main')),
      memory: memoryWith({ probes: new Map([['main-0', { started: false, ready: true }]]) }),
    },
    expect: { ready: true },
  },
  {
    title: 'just ended for the first time, to start again at once',
    input: { picture: picture([box], exited('main', 2)) },
    expect: {
      state: {
        terminated: {
          exitCode: 2,
          reason: 'Error',
          startedAt: '1970-01-01T00:00:00Z',
          finishedAt: '1970-01-01T00:00:01Z',
          containerID: 'docker://main-0',
        },
      },
    },
  },
  {
    title: 'in back-off',
    input: { picture: picture([box], exited('main', 2, { attempt: 3, crashes: 3 })) },
    expect: {
      restartCount: 3,
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: 'back-off 4s restarting failed container=main pod=web_default(uid-1)',
        },
      },
    },
  },
  {
    title: 'an image that cannot be had',
    input: {
      picture: picture([box]),
      memory: memoryWith({
        failures: new Map([
          ['main', { tried: 'start', reason: 'ImagePullBackOff', message: 'no', count: 2, pauseMs: 1, retryAt: 1 }],
        ]),
      }),
    },
    expect: { state: { waiting: { reason: 'ImagePullBackOff', message: 'no' } } },
  },
  {
    title: 'an image that cannot be had for the next attempt: the last one is still told of',
    input: {
      picture: picture([box], exited('main', 0)),
      memory: memoryWith({
        failures: new Map([
          ['main', { tried: 'start', reason: 'ErrImagePull', message: 'no', count: 1, pauseMs: 1, retryAt: 1 }],
        ]),
      }),
    },
    expect: { state: { waiting: { reason: 'ErrImagePull', message: 'no' } }, restartCount: 0 },
  },
  {
    title: 'removed by somebody, about to be made again',
    input: {
      pod: podWith({}, { status: { containerStatuses: [running({ restartCount: 2, containerID: 'docker://old' })] } }),
      picture: picture([box]),
    },
    expect: { restartCount: 2, containerID: 'docker://old', state: { waiting: { reason: 'ContainerCreating' } } },
  },
  {
    title: 'of a deleted pod, not to be found',
    input: {
      pod: podWith({}, { status: { containerStatuses: [running({ containerID: 'docker://old' })] } }),
      ending: { why: 'deleted', graceSeconds: 1 },
    },
    expect: {
      state: {
        terminated: {
          exitCode: 137,
          reason: 'ContainerStatusUnknown',
          message: 'The container could not be located when the pod was terminated',
          containerID: 'docker://old',
        },
      },
    },
  },
]

const REASONS: [string, Parameters<typeof exited>[2] & object, number, string][] = [
  ['a good end', {}, 0, 'Completed'],
  ['a bad end', {}, 1, 'Error'],
  ['out of memory', { oomKilled: true }, 137, 'OOMKilled'],
  ['no such program', { state: 'created', error: 'no such file', startedAt: undefined }, 127, 'ContainerCannotRun'],
]

describe('the state of a container', () => {
  for (const { title, input: more, expect } of STATES) {
    it(title, () => {
      const status = podStatus(input(more)).containerStatuses![0]!
      const found = Object.fromEntries(Object.keys(expect).map(key => [key, status[key as keyof ContainerStatus]]))
      assert.deepEqual(found, expect)
    })
  }

  for (const [title, more, exitCode, reason] of REASONS) {
    it(`ended: ${title}`, () => {
      const status = podStatus(input({ pod: never, picture: picture([box], exited('main', exitCode, more)) }))
      assert.equal(status.containerStatuses![0]!.state?.terminated?.reason, reason)
    })
  }

  it('has the attempt before as its last state', () => {
    const attempts = [seen('main', { id: 'new', attempt: 1 }), exited('main', 9)]
    const [status] = podStatus(input({ picture: picture([box], ...attempts), messages: new Map([['main-0', 'bye']]) }))
      .containerStatuses!
    assert.equal(status?.restartCount, 1)
    assert.equal(status?.lastState?.terminated?.exitCode, 9)
    assert.equal(status?.lastState?.terminated?.message, 'bye')
  })
})

const gated = podWith({ readinessGates: [{ conditionType: 'example.com/up' }] })
const gate = (status: string) => ({ conditions: [{ type: 'example.com/up', status }] })

const CONDITIONS: { title: string; input: Partial<StatusInput>; type: string; expect: object }[] = [
  { title: 'no sandbox', input: {}, type: 'PodReadyToStartContainers', expect: { status: 'False' } },
  {
    title: 'a sandbox',
    input: { picture: picture([box]) },
    type: 'PodReadyToStartContainers',
    expect: { status: 'True' },
  },
  {
    title: 'init containers to come',
    input: { pod: withInit, picture: picture([box]) },
    type: 'Initialized',
    expect: {
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [first]',
    },
  },
  {
    title: 'init containers done',
    input: { pod: withInit, picture: picture([box], exited('first', 0)) },
    type: 'Initialized',
    expect: { status: 'True' },
  },
  {
    title: 'a container not ready',
    input: { pod: probed, picture: picture([box], seen('main')) },
    type: 'Ready',
    expect: { status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [main]' },
  },
  { title: 'all ready', input: { picture: picture([box], seen('main')) }, type: 'Ready', expect: { status: 'True' } },
  {
    title: 'completed',
    input: { pod: never, picture: picture([], exited('main', 0)) },
    type: 'Ready',
    expect: { status: 'False', reason: 'PodCompleted' },
  },
  {
    title: 'a gate that nobody has opened',
    input: { pod: gated, picture: picture([box], seen('main')) },
    type: 'Ready',
    expect: {
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "example.com/up" does not exist.',
    },
  },
  {
    title: 'a gate that is closed',
    input: { pod: { ...gated, status: gate('False') }, picture: picture([box], seen('main')) },
    type: 'Ready',
    expect: {
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: 'the status of pod readiness gate "example.com/up" is not "True", but False',
    },
  },
  {
    title: 'an open gate',
    input: { pod: { ...gated, status: gate('True') }, picture: picture([box], seen('main')) },
    type: 'Ready',
    expect: { status: 'True' },
  },
]

describe('the conditions of a pod', () => {
  for (const { title, input: more, type, expect } of CONDITIONS) {
    it(`${type}: ${title}`, () => {
      const found = podStatus(input(more)).conditions!.find(condition => condition.type === type)!
      const { status, reason, message } = found
      assert.deepEqual({ status, ...(reason ? { reason } : {}), ...(message ? { message } : {}) }, expect)
    })
  }

  it('keep their time while they stay as they are', () => {
    const before = { type: 'Ready', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }
    const pod = podWith({}, { status: { conditions: [before] } })
    const ready = podStatus(input({ pod, picture: picture([box], seen('main')) })).conditions!.find(
      one => one.type === 'Ready',
    )
    assert.equal(ready?.lastTransitionTime, before.lastTransitionTime)
    const unready = podStatus(input({ pod, picture: picture([box]) })).conditions!.find(one => one.type === 'Ready')
    assert.equal(unready?.lastTransitionTime, '2026-01-01T12:00:00Z')
  })
})

describe('the addresses of a pod', () => {
  it('are those of its sandbox', () => {
    const status = podStatus(input({ picture: picture([box], seen('main')) }))
    assert.deepEqual([status.podIP, status.hostIP], ['10.1.0.2', '192.168.0.5'])
  })

  it("are the node's on its network", () => {
    const pod = podWith({ hostNetwork: true })
    assert.equal(podStatus(input({ pod, picture: picture([sandbox({ ipAddress: '' })]) })).podIP, '192.168.0.5')
  })
})
