import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { COMPONENTS, type Component, type Flags, manifestPath, writeManifest } from '../manifests.ts'
import { ControlPlane, decideMoves, type Move, type Starters } from './control-plane.ts'
import { mirrorPodOf } from './mirror-pods.ts'

const flags = (...pairs: [string, string][]): Flags => new Map(pairs)
const none = flags()

describe('moves', () => {
  const up = (own: Flags = none) => ({ flags: own, isRunning: true })
  const down = { flags: none, isRunning: false }
  const cases: [
    string,
    [Component, Flags][],
    [Component, { flags: Flags; isRunning: boolean }][],
    Partial<Record<Component, Move>>,
  ][] = [
    [
      'start what is wanted',
      [
        ['etcd', none],
        ['kube-apiserver', none],
      ],
      [],
      { etcd: 'start', 'kube-apiserver': 'start' },
    ],
    ['keep what runs as it should', [['etcd', none]], [['etcd', up()]], { etcd: 'keep' }],
    ['stop what is wanted no more', [], [['kube-scheduler', up()]], { 'kube-scheduler': 'stop' }],
    [
      'restart for a changed flag',
      [['kube-scheduler', flags(['v', '2'])]],
      [['kube-scheduler', up(flags(['v', '1']))]],
      { 'kube-scheduler': 'restart' },
    ],
    ['restart for a flag that has gone', [['etcd', none]], [['etcd', up(flags(['v', '1']))]], { etcd: 'restart' }],
    ['try again what failed', [['kube-apiserver', none]], [['kube-apiserver', down]], { 'kube-apiserver': 'restart' }],
    [
      'take the API server along with its store, and nobody else',
      [
        ['etcd', flags(['v', '2'])],
        ['kube-apiserver', none],
        ['kube-scheduler', none],
      ],
      [
        ['etcd', up()],
        ['kube-apiserver', up()],
        ['kube-scheduler', up()],
      ],
      { etcd: 'restart', 'kube-apiserver': 'restart', 'kube-scheduler': 'keep' },
    ],
    [
      'leave an API server alone whose store is elsewhere',
      [['kube-apiserver', none]],
      [['kube-apiserver', up()]],
      { etcd: 'keep', 'kube-apiserver': 'keep' },
    ],
  ]
  for (const [name, wanted, present, expected] of cases) {
    it(name, () => {
      const moves = decideMoves(new Map(wanted), new Map(present))
      for (const [component, move] of Object.entries(expected))
        assert.equal(moves.get(component as Component), move, component)
    })
  }
})

describe('a control plane', () => {
  let folder: string
  let said: string[]
  let failing: Set<Component>
  let fail: Partial<Record<Component, (error: unknown) => void>>
  let clock: FakeClock
  let log: MemoryLog
  let plane: ControlPlane

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubox-manifests-'))
    said = []
    failing = new Set()
    fail = {}
    clock = new FakeClock()
    log = new MemoryLog()
    const starter = (component: Component) => async (given: Flags, onFailure: (error: unknown) => void) => {
      fail[component] = onFailure
      if (failing.has(component)) throw new Error('port in use')
      said.push(`+${component}${given.get('v') ?? ''}`)
      return { stop: async () => void said.push(`-${component}`) }
    }
    const starters = Object.fromEntries(
      COMPONENTS.map(component => [component, starter(component)]),
    ) as unknown as Starters
    plane = new ControlPlane({ manifests: folder, starters, disk: systemDisk, clock, log, onChange: () => {} })
  })
  afterEach(async () => {
    await plane.stop()
    await rm(folder, { recursive: true })
  })

  const put = (component: Component, own: Flags = none) => writeManifest(systemDisk, folder, component, own, 'v1')
  const until = async (condition: () => boolean) => {
    const deadline = performance.now() + 5000
    while (!condition()) {
      assert.ok(performance.now() < deadline, `${said} ${JSON.stringify(log.entries)}`)
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  it('starts in order and stops in reverse', async () => {
    for (const component of [...COMPONENTS].reverse()) await put(component)
    await plane.start()
    await plane.stop()
    assert.deepEqual(said, [
      ...COMPONENTS.map(name => `+${name}`),
      ...[...COMPONENTS].reverse().map(name => `-${name}`),
    ])
  })

  it('restarts a component whose manifest was edited, and counts it', async () => {
    await put('kube-scheduler')
    await plane.start()
    await put('kube-scheduler', flags(['v', '2']))
    await until(() => said.includes('+kube-scheduler2'))
    assert.equal(plane.states[0]?.restarts, 1)
  })

  it('leaves a component alone while its manifest is nonsense, and says so', async () => {
    await put('kube-scheduler')
    await plane.start()
    await writeFile(manifestPath(folder, 'kube-scheduler'), 'kind: [')
    await until(() => log.entries.some(entry => entry.message.includes('cannot be read')))
    assert.deepEqual(said, ['+kube-scheduler'])
  })

  it('starts again what ended by itself, after a pause', async () => {
    await put('etcd')
    await plane.start()
    fail.etcd!(new Error('the disk is gone'))
    await until(() => plane.states[0]?.failure === 'the disk is gone')
    clock.advance(1000)
    await until(() => said.filter(word => word === '+etcd').length === 2)
    assert.equal(plane.states[0]?.failure, undefined)
  })

  it('tries again what does not start, until it does', async () => {
    failing.add('etcd')
    await put('etcd')
    await plane.start()
    assert.equal(plane.states[0]?.failure, 'port in use')
    failing.clear()
    clock.advance(1000)
    await until(() => said.includes('+etcd'))
    assert.equal(plane.states[0]?.failure, undefined)
  })
})

describe('a mirror pod', () => {
  const state = {
    component: 'etcd' as const,
    flags: flags(['name', 'm']),
    startedAt: '2026-01-01T00:00:00Z',
    restarts: 3,
  }
  const host = { nodeName: 'master', address: '192.168.56.10' }

  it('is named after component and node, and runs', () => {
    const pod = mirrorPodOf(state, host)
    assert.equal(pod.metadata?.name, 'etcd-master')
    assert.deepEqual(pod.spec?.containers[0]?.command, ['etcd', '--name=m'])
    assert.equal(pod.status?.containerStatuses?.[0]?.restartCount, 3)
    assert.equal(pod.status?.containerStatuses?.[0]?.ready, true)
  })

  it('shows why it does not run', () => {
    const pod = mirrorPodOf({ ...state, failure: 'port in use' }, host)
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.waiting?.message, 'port in use')
    assert.equal(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'False')
  })
})
