import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerStatus, PodSpec, PodStatus } from '../../api/types/core-v1.ts'
import { exited, memoryWith, picture, podWith, sandbox, seen } from '../testing/pictures.ts'
import { containerStatus } from './container-status.ts'
import type { Ending, PodMemory } from './memory.ts'
import { podContainers } from './pod.ts'
import { mergeReported } from './reported.ts'
import {
  crashesAfter,
  crashPauseMs,
  exitCodeOf,
  isReady,
  isStarted,
  naturalEnd,
  nextAttempt,
  shouldRestart,
} from './restart.ts'
import { podStatus } from './status.ts'

const container = (name: string, more: object = {}) => ({ name, image: 'busybox', ...more })

describe('whether a container runs again', () => {
  const rule = (operator: string, ...values: number[]) => ({
    restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values } }],
  })
  /** Policy of the pod, list it stands in, its own fields, exit code. */
  const cases: [
    string | undefined,
    'containers' | 'initContainers' | 'ephemeralContainers',
    object,
    number,
    boolean,
  ][] = [
    [undefined, 'containers', {}, 0, true],
    ['Always', 'containers', {}, 0, true],
    ['Always', 'containers', {}, 1, true],
    ['OnFailure', 'containers', {}, 0, false],
    ['OnFailure', 'containers', {}, 1, true],
    ['Never', 'containers', {}, 0, false],
    ['Never', 'containers', {}, 1, false],
    ['Always', 'initContainers', {}, 0, false],
    ['Always', 'initContainers', {}, 1, true],
    ['OnFailure', 'initContainers', {}, 1, true],
    ['Never', 'initContainers', {}, 1, false],
    ['Never', 'initContainers', { restartPolicy: 'Always' }, 0, true],
    ['Never', 'initContainers', { restartPolicy: 'Always' }, 1, true],
    ['Always', 'ephemeralContainers', {}, 1, false],
    ['Never', 'containers', { restartPolicy: 'Always' }, 0, true],
    ['Always', 'containers', { restartPolicy: 'Never' }, 1, false],
    ['Always', 'containers', { restartPolicy: 'OnFailure' }, 0, false],
    ['Never', 'containers', { restartPolicy: 'Never', ...rule('In', 42) }, 42, true],
    ['Never', 'containers', { restartPolicy: 'Never', ...rule('In', 42) }, 1, false],
    ['Never', 'containers', { restartPolicy: 'Never', ...rule('NotIn', 42) }, 42, false],
    ['Never', 'containers', { restartPolicy: 'Never', ...rule('NotIn', 42) }, 1, true],
  ]
  for (const [restartPolicy, list, own, code, expected] of cases) {
    it(`${restartPolicy} ${list} ${JSON.stringify(own)} ${code}`, () => {
      const pod = podWith({ restartPolicy, containers: [], [list]: [container('c', own)] })
      assert.equal(shouldRestart(pod, podContainers(pod)[0]!, code), expected)
    })
  }
})

describe('how a pod ends by itself', () => {
  const two = { containers: [container('a'), container('b')] }
  const withInit = { ...two, initContainers: [container('i')] }
  const withSidecar = { ...two, initContainers: [container('s', { restartPolicy: 'Always' })] }
  const cases: [string, Partial<PodSpec>, ReturnType<typeof seen>[], string | undefined][] = [
    ['both well', { ...two, restartPolicy: 'Never' }, [exited('a', 0), exited('b', 0)], 'Succeeded'],
    ['one badly', { ...two, restartPolicy: 'Never' }, [exited('a', 0), exited('b', 1)], 'Failed'],
    ['one still runs', { ...two, restartPolicy: 'Never' }, [exited('a', 1), seen('b')], undefined],
    ['one has not run yet', { ...two, restartPolicy: 'Never' }, [exited('a', 0)], undefined],
    ['bad ones run again', { ...two, restartPolicy: 'OnFailure' }, [exited('a', 0), exited('b', 1)], undefined],
    ['good ones do not', { ...two, restartPolicy: 'OnFailure' }, [exited('a', 0), exited('b', 0)], 'Succeeded'],
    ['never, where all run again', two, [exited('a', 0), exited('b', 0)], undefined],
    [
      'an init container that failed',
      { ...withInit, restartPolicy: 'Never' },
      [exited('i', 1, { kind: 'init' })],
      'Failed',
    ],
    [
      'an init container that is tried again',
      { ...withInit, restartPolicy: 'OnFailure' },
      [exited('i', 1, { kind: 'init' })],
      undefined,
    ],
    [
      'a sidecar that runs does not matter',
      { ...withSidecar, restartPolicy: 'Never' },
      [seen('s', { kind: 'sidecar' }), exited('a', 0), exited('b', 0)],
      'Succeeded',
    ],
    [
      'nor one that failed',
      { ...withSidecar, restartPolicy: 'Never' },
      [exited('s', 1, { kind: 'sidecar' }), exited('a', 0), exited('b', 0)],
      'Succeeded',
    ],
    [
      'one that could not be started',
      { ...two, restartPolicy: 'Never' },
      [seen('a', { state: 'created', error: 'no such program' }), exited('b', 0)],
      'Failed',
    ],
  ]
  for (const [name, spec, containers, expected] of cases) {
    it(name, () => assert.equal(naturalEnd(podWith(spec), picture([sandbox()], ...containers)), expected))
  }
})

describe('attempts', () => {
  const reported = (status: Partial<ContainerStatus>): PodStatus => ({
    containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, ...status }],
  })
  const cases: [string, ReturnType<typeof seen>[], PodStatus | undefined, number][] = [
    ['the first', [], undefined, 0],
    ['after one', [exited('main', 1)], undefined, 1],
    ['after five', [exited('main', 1, { attempt: 4 })], undefined, 5],
    [
      'one that was never started and is being removed',
      [seen('main', { state: 'dead', startedAt: undefined, attempt: 3 })],
      undefined,
      3,
    ],
    ['one that ran and is being removed', [seen('main', { state: 'dead', attempt: 3 })], undefined, 4],
    ['one that was never started is used again', [seen('main', { state: 'created', attempt: 3 })], undefined, 3],
    ['one that somebody removed has been counted', [], reported({ restartCount: 2, containerID: 'docker://x' }), 3],
    ['one that was waited for has not', [], reported({ restartCount: 0 }), 0],
  ]
  for (const [name, containers, status, expected] of cases) {
    it(name, () => assert.equal(nextAttempt(podWith({}, { status }), picture([], ...containers), 'main'), expected))
  }
  const codes: [string, ReturnType<typeof seen>, number][] = [
    ['as it says', exited('main', 3), 3],
    ['never started', seen('main', { state: 'created', error: 'x' }), 128],
    ['never started, with a code', seen('main', { state: 'created', error: 'x', exitCode: 127 }), 127],
    ['killed', exited('main', 137), 137],
  ]
  for (const [name, one, expected] of codes) it(`code: ${name}`, () => assert.equal(exitCodeOf(one), expected))

  const pauses: [string, ReturnType<typeof seen>, Partial<PodMemory>, number, number][] = [
    ['the first crash', exited('main', 1), {}, 0, 1],
    ['the second', exited('main', 1, { crashes: 1 }), {}, 1000, 2],
    ['the fifth', exited('main', 1, { crashes: 4 }), {}, 8000, 5],
    ['after a minute of health', exited('main', 1, { crashes: 9, startedAt: 0, finishedAt: 60_000 }), {}, 0, 1],
    ['nearly a minute', exited('main', 1, { crashes: 9, startedAt: 0, finishedAt: 59_999 }), {}, 60_000, 10],
    ['forgiven', exited('main', 1, { crashes: 9 }), { forgivenAt: 5, diedAt: new Map([['main-0', 4]]) }, 0, 1],
    [
      'died again since',
      exited('main', 1, { crashes: 9 }),
      { forgivenAt: 5, diedAt: new Map([['main-0', 6]]) },
      60_000,
      10,
    ],
  ]
  for (const [name, one, memory, pause, next] of pauses) {
    it(`pause: ${name}`, () =>
      assert.deepEqual([crashPauseMs(one, memoryWith(memory)), crashesAfter(one, memoryWith(memory))], [pause, next]))
  }
})

describe('started and ready', () => {
  const probed = (...kinds: string[]) =>
    container('main', Object.fromEntries(kinds.map(kind => [`${kind}Probe`, { exec: { command: ['x'] } }])))
  const results = (started: boolean, ready: boolean) => ({ probes: new Map([['main-0', { started, ready }]]) })
  const cases: [string, object, ReturnType<typeof seen> | undefined, Partial<PodMemory>, boolean, boolean][] = [
    ['not there', {}, undefined, {}, false, false],
    ['runs', {}, seen('main'), {}, true, true],
    ['ended', {}, exited('main', 0), {}, false, false],
    ['its hook still runs', {}, seen('main'), { busy: new Map([['main', { kind: 'start' }]]) }, false, false],
    ['is being stopped', {}, seen('main'), { busy: new Map([['main', { kind: 'stop' }]]) }, true, true],
    ['a startup probe that has not succeeded', probed('startup'), seen('main'), {}, false, false],
    ['one that has', probed('startup'), seen('main'), results(true, false), true, true],
    ['a readiness probe that has not succeeded', probed('readiness'), seen('main'), {}, true, false],
    ['one that has ', probed('readiness'), seen('main'), results(false, true), true, true],
    ['both, and only started', probed('startup', 'readiness'), seen('main'), results(true, false), true, false],
    ['ready, but not started', probed('startup', 'readiness'), seen('main'), results(false, true), false, false],
    ['a liveness probe does not matter', probed('liveness'), seen('main'), {}, true, true],
  ]
  for (const [name, own, one, memory, started, ready] of cases) {
    it(name, () => {
      const [subject] = podContainers(podWith({ containers: [container('main', own)] }))
      assert.deepEqual(
        [isStarted(subject!, one, memoryWith(memory)), isReady(subject!, one, memoryWith(memory))],
        [started, ready],
      )
    })
  }
})

describe('why a container waits or ended', () => {
  const inits = { initContainers: [container('i'), container('s', { restartPolicy: 'Always' })] }
  const failure = (reason: string) => ({
    failures: new Map([['main', { tried: 'start', reason, message: 'm', count: 2, pauseMs: 1, retryAt: 9 }]]),
  })
  const word = ({ state = {} }: ContainerStatus) =>
    state.running
      ? 'running'
      : state.terminated
        ? `${state.terminated.reason} ${state.terminated.exitCode}`
        : `waits: ${state.waiting?.reason}`
  const gone: PodStatus = {
    containerStatuses: [
      { name: 'main', image: '', imageID: '', ready: true, restartCount: 0, containerID: 'docker://x' },
    ],
  }
  const deleted: Ending = { why: 'deleted', graceSeconds: 30 }
  const cases: [
    string,
    string,
    Partial<PodSpec>,
    ReturnType<typeof seen>[],
    Partial<PodMemory>,
    Ending | undefined,
    PodStatus | undefined,
    string,
  ][] = [
    ['it is being made', 'main', {}, [], {}, undefined, undefined, 'waits: ContainerCreating'],
    ['behind init containers', 'main', inits, [], {}, undefined, undefined, 'waits: PodInitializing'],
    ['an init container waits for its turn', 'i', inits, [], {}, undefined, undefined, 'waits: PodInitializing'],
    ['so does a sidecar', 's', inits, [], {}, undefined, undefined, 'waits: PodInitializing'],
    [
      'its image is not to be had',
      'main',
      {},
      [],
      failure('ImagePullBackOff'),
      undefined,
      undefined,
      'waits: ImagePullBackOff',
    ],
    [
      'its settings are wrong',
      'main',
      {},
      [],
      failure('CreateContainerConfigError'),
      undefined,
      undefined,
      'waits: CreateContainerConfigError',
    ],
    [
      'the pod is refused',
      'main',
      {},
      [],
      { refusal: 'no' },
      undefined,
      undefined,
      'waits: CreateContainerConfigError',
    ],
    ['it runs', 'main', {}, [seen('main')], {}, undefined, undefined, 'running'],
    ['it is done', 'main', { restartPolicy: 'Never' }, [exited('main', 0)], {}, undefined, undefined, 'Completed 0'],
    ['it failed', 'main', { restartPolicy: 'Never' }, [exited('main', 2)], {}, undefined, undefined, 'Error 2'],
    [
      'it was killed for its memory',
      'main',
      { restartPolicy: 'Never' },
      [exited('main', 137, { oomKilled: true })],
      {},
      undefined,
      undefined,
      'OOMKilled 137',
    ],
    [
      'it could not run',
      'main',
      { restartPolicy: 'Never' },
      [seen('main', { state: 'created', error: 'no x', exitCode: 127, startedAt: undefined })],
      {},
      undefined,
      undefined,
      'ContainerCannotRun 127',
    ],
    ['it crashed for the first time', 'main', {}, [exited('main', 1)], {}, undefined, undefined, 'Error 1'],
    [
      'it crashed again',
      'main',
      {},
      [exited('main', 1, { crashes: 1, attempt: 1 })],
      {},
      undefined,
      undefined,
      'waits: CrashLoopBackOff',
    ],
    [
      'it ended well again, and runs always',
      'main',
      {},
      [exited('main', 0, { crashes: 1, attempt: 1 })],
      {},
      undefined,
      undefined,
      'waits: CrashLoopBackOff',
    ],
    [
      'it crashed, and the pod is going',
      'main',
      {},
      [exited('main', 1, { crashes: 1 })],
      {},
      deleted,
      undefined,
      'Error 1',
    ],
    ['it vanished, and the pod is going', 'main', {}, [], {}, deleted, gone, 'ContainerStatusUnknown 137'],
    [
      'an init container is through',
      'i',
      inits,
      [exited('i', 0, { kind: 'init' })],
      {},
      undefined,
      undefined,
      'Completed 0',
    ],
  ]
  for (const [name, of, spec, containers, memory, ending, status, expected] of cases) {
    it(name, () => {
      const pod = podWith(spec, { status })
      const input = {
        pod,
        picture: picture([sandbox()], ...containers),
        memory: memoryWith(memory),
        ending,
        nodeIp: '1.2.3.4',
        wall: 0,
        messages: new Map(),
        imageIds: new Map(),
      }
      const subject = podContainers(pod).find(one => one.spec.name === of)!
      assert.equal(word(containerStatus(input, subject)), expected)
    })
  }
})

describe('pods that somebody disturbed', () => {
  const told = (ending: Ending | undefined) =>
    podStatus({
      pod: podWith({}),
      picture: picture([sandbox()], seen('main')),
      memory: memoryWith(),
      ending,
      nodeIp: '1.2.3.4',
      wall: 0,
      messages: new Map(),
      imageIds: new Map(),
    }).conditions?.find(({ type }) => type === 'DisruptionTarget')
  const cases: [Ending['why'] | undefined, boolean][] = [
    ['evicted', true],
    ['shutdown', true],
    ['deleted', false],
    ['deadline', false],
    ['finished', false],
    [undefined, false],
  ]
  for (const [why, expected] of cases) {
    it(`${why ?? 'none'}: ${expected ? 'said' : 'not said'}`, () => {
      const condition = told(why && { why, graceSeconds: 0, message: 'low' })
      assert.deepEqual(
        condition && [condition.status, condition.reason, condition.message],
        expected ? ['True', 'TerminationByKubelet', 'low'] : undefined,
      )
    })
  }
  it('is said once, whoever else has it', () => {
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }
    const mine = { type: 'example.com/mine', status: 'True' }
    const merged = mergeReported(podWith({}, { status: { conditions: [condition, mine] } }), {
      conditions: [condition],
    })
    assert.deepEqual(
      merged.status?.conditions?.map(({ type }) => type),
      ['DisruptionTarget', 'example.com/mine'],
    )
  })
})
