import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts'
import { logContainerId, runningContainerId } from './containers.ts'

const RUNNING = { running: { startedAt: '2026-01-01T00:00:00Z' } }
const ended = (containerID: string) => ({ terminated: { exitCode: 0, containerID } })

function podWith(status: Partial<ContainerStatus> | undefined, list = 'containerStatuses'): Pod {
  const whole = status && { name: 'c', image: '', imageID: '', ready: false, restartCount: 0, ...status }
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      containers: [{ name: 'c' }, { name: 'other' }],
      initContainers: [{ name: 'init' }],
      ephemeralContainers: [{ name: 'debugger' }],
    },
    status: whole ? { [list]: [whole] } : {},
  } as Pod
}

describe('the container that a log request means', () => {
  const CASES: [name: string, status: Partial<ContainerStatus> | undefined, previous: boolean, id: string | RegExp][] =
    [
      ['the running one', { containerID: 'docker://now', state: RUNNING }, false, 'now'],
      ['an id without its scheme', { containerID: 'now', state: RUNNING }, false, 'now'],
      ['the one that has ended', { containerID: 'docker://x', state: ended('docker://done') }, false, 'done'],
      [
        'the last one while the next waits',
        { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended('docker://crashed') },
        false,
        'crashed',
      ],
      [
        'the one before, when asked',
        { containerID: 'docker://now', state: RUNNING, lastState: ended('docker://before') },
        true,
        'before',
      ],
      [
        'no previous one',
        { containerID: 'docker://now', state: RUNNING },
        true,
        /^previous terminated container "c" in pod "web" not found$/,
      ],
      [
        'one that waits',
        { state: { waiting: { reason: 'ContainerCreating' } } },
        false,
        /^container "c" in pod "web" is waiting to start: ContainerCreating$/,
      ],
      [
        'one whose image is not there',
        { state: { waiting: { reason: 'ImagePullBackOff' } } },
        false,
        /is waiting to start: trying and failing to pull image$/,
      ],
      [
        'one whose image cannot be had',
        { state: { waiting: { reason: 'ErrImagePull' } } },
        false,
        /image can't be pulled$/,
      ],
      ['one without a state', {}, false, /is waiting to start - no logs yet$/],
      ['one without a status', undefined, false, /is waiting to start - no logs yet$/],
      ['one that ended without a trace', { state: { terminated: { exitCode: 1 } } }, false, /is terminated$/],
    ]
  for (const [name, status, previous, expected] of CASES) {
    it(name, () => {
      if (typeof expected === 'string') assert.equal(logContainerId(podWith(status), 'c', previous), expected)
      else assert.throws(() => logContainerId(podWith(status), 'c', previous), { message: expected, code: 400 })
    })
  }

  it('one that the pod does not have', () => {
    const expected = { message: 'container "nope" not found in pod "web"', code: 404 }
    assert.throws(() => logContainerId(podWith(undefined), 'nope', false), expected)
  })
})

describe('the container that exec and attach mean', () => {
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']) {
    it(`is found in ${list}`, () => {
      const pod = podWith({ containerID: 'docker://now', state: RUNNING }, list)
      assert.equal(runningContainerId(pod, 'c'), 'now')
    })
  }
  it('must be running', () => {
    const pod = podWith({ containerID: 'docker://done', state: ended('docker://done') })
    assert.throws(() => runningContainerId(pod, 'c'), { message: 'container not found ("c")', code: 500 })
  })
})
