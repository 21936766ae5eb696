import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { podWith } from '../testing/pictures.ts'
import type { MachineFacts } from './facts.ts'
import { mirrorOf } from './mirrors.ts'
import { firstAddress, networkFor } from './network.ts'
import { newNode, nodeStatus, type StatusFacts } from './object.ts'
import {
  chooseVictim,
  evictionMessage,
  type PodUse,
  pressureOf,
  type Supplies,
  shortages,
  thresholdAmount,
} from './pressure.ts'
import { describeSleep, sleptFor } from './sleep-watch.ts'
import { isManifestName, readManifest } from './static-files.ts'

const FACTS: MachineFacts = {
  ...{ hostname: 'vm', machineId: 'm', systemUuid: 's', bootId: 'b', kernelVersion: '6.1', osImage: 'Debian' },
  ...{
    architecture: 'amd64',
    cpus: 2,
    memoryBytes: 2 ** 31,
    storageBytes: 2 ** 35,
    engineVersion: '20.10',
    rootDirectory: '/',
  },
}
const CHOICES = {
  ...{ nodeName: 'node1', labels: { disk: 'ssd' }, taints: [], maxPods: 110, port: 10250, kubeletVersion: 'v1.36.0' },
  ...{ systemReserved: { cpu: '100m', memory: '256Mi' }, kubeReserved: { memory: '256Mi' } },
}
const NO_PRESSURE = { memory: false, disk: false, pids: false }

function statusOf(more: Partial<StatusFacts> = {}) {
  return nodeStatus({
    ...{ choices: CHOICES, facts: FACTS, nodeIp: '192.168.0.5', images: [], pressure: NO_PRESSURE, problems: [] },
    ...{ before: undefined, now: Date.UTC(2026, 0, 1) },
    ...more,
  })
}

const conditionOf = (status: ReturnType<typeof statusOf>, type: string) =>
  status.conditions!.find(one => one.type === type)!

describe("the node's object", () => {
  it('says what it has, and what of it is for pods', () => {
    const { capacity, allocatable, addresses } = statusOf()
    assert.deepEqual([capacity?.cpu, capacity?.memory, capacity?.pods], ['2', '2097152Ki', '110'])
    assert.deepEqual([allocatable?.cpu, allocatable?.memory, allocatable?.pods], ['1900m', '1572864Ki', '110'])
    assert.deepEqual(addresses, [
      { type: 'InternalIP', address: '192.168.0.5' },
      { type: 'Hostname', address: 'node1' },
    ])
  })

  it('passes on what others have added to it, and nothing else', () => {
    const before = { ...statusOf(), capacity: { 'example.com/dongle': '4', cpu: '64', pods: '7' } }
    const { capacity, allocatable } = statusOf({ before })
    assert.deepEqual([capacity?.['example.com/dongle'], allocatable?.['example.com/dongle']], ['4', '4'])
    assert.deepEqual([capacity?.cpu, capacity?.pods], ['2', '110'])
  })

  it('is ready, or says why not', () => {
    assert.deepEqual(
      [conditionOf(statusOf(), 'Ready').status, conditionOf(statusOf(), 'Ready').reason],
      ['True', 'KubeletReady'],
    )
    const not = conditionOf(statusOf({ problems: ['a', 'b'] }), 'Ready')
    assert.deepEqual([not.status, not.reason, not.message], ['False', 'KubeletNotReady', '[a, b]'])
  })

  it('shows pressure in Kubernetes’ words', () => {
    const { status, reason, message } = conditionOf(
      statusOf({ pressure: { ...NO_PRESSURE, memory: true } }),
      'MemoryPressure',
    )
    assert.deepEqual(
      [status, reason, message],
      ['True', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    )
    assert.equal(conditionOf(statusOf(), 'DiskPressure').reason, 'KubeletHasNoDiskPressure')
  })

  it('keeps the time of a condition until it turns', () => {
    const before = statusOf({ now: 0 })
    assert.equal(conditionOf(statusOf({ before }), 'Ready').lastTransitionTime, '1970-01-01T00:00:00Z')
    assert.equal(conditionOf(statusOf({ before, problems: ['x'] }), 'Ready').lastTransitionTime, '2026-01-01T00:00:00Z')
  })

  it('has labels to select it by', () => {
    const { labels } = newNode(CHOICES, FACTS, {}).metadata!
    assert.deepEqual(
      [labels?.['kubernetes.io/hostname'], labels?.['kubernetes.io/arch'], labels?.disk],
      ['node1', 'amd64', 'ssd'],
    )
  })
})

describe('the network of a node', () => {
  it('has the range of the node and its first address as gateway', () => {
    assert.deepEqual(networkFor({ name: 'kubox' }, '10.244.3.0/24'), {
      name: 'kubox',
      subnet: '10.244.3.0/24',
      gateway: '10.244.3.1',
    })
    assert.deepEqual(networkFor({ name: 'kubox' }, undefined), { name: 'kubox' })
    assert.deepEqual(networkFor({ name: 'x', subnet: '10.1.0.0/24' }, '10.2.0.0/24'), {
      name: 'x',
      subnet: '10.1.0.0/24',
    })
    assert.throws(() => firstAddress('nonsense'), /no IPv4 range/)
  })
})

const GIGA = 2 ** 30
const plenty = { available: 50, capacity: 100 }
const supplies = (more: Partial<Supplies>): Supplies => ({
  memory: plenty,
  disk: plenty,
  inodes: plenty,
  pids: plenty,
  ...more,
})
const THRESHOLDS = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'pid.available': '5%',
}

describe('thresholds', () => {
  it('are amounts or parts of the whole', () => {
    assert.equal(thresholdAmount('100Mi', 1), 100 * 2 ** 20)
    assert.equal(thresholdAmount('10%', 500), 50)
  })

  it('are crossed one by one', () => {
    const short = supplies({ memory: { available: 10, capacity: GIGA }, disk: { available: 9, capacity: 100 } })
    const found = shortages(short, THRESHOLDS)
    assert.deepEqual(
      found.map(one => one.signal),
      ['memory.available', 'nodefs.available'],
    )
    assert.deepEqual(pressureOf(found), { memory: true, disk: true, pids: false })
    assert.deepEqual(shortages(supplies({ memory: { available: GIGA, capacity: GIGA } }), THRESHOLDS), [])
  })

  it('mean nothing on a file system that counts no inodes', () => {
    const found = shortages(
      supplies({ memory: { available: GIGA, capacity: GIGA }, inodes: { available: 0, capacity: 0 } }),
      THRESHOLDS,
    )
    assert.deepEqual(found, [])
  })
})

const use = (name: string, memory: number, requested: string, priority = 0, more: object = {}): PodUse => ({
  pod: podWith(
    { priority, containers: [{ name: 'main', resources: { requests: { memory: requested } } }] },
    { metadata: { name, ...more } },
  ),
  ...{ memoryBytes: memory * 2 ** 20, diskBytes: 0, pids: 1 },
})
const LOW = {
  signal: 'memory.available',
  resource: 'memory',
  threshold: '100Mi',
  supply: { available: 2 ** 20, capacity: GIGA },
} as const
const STATIC = { annotations: { 'kubernetes.io/config.source': 'file' } }

const VICTIMS: { title: string; uses: PodUse[]; expect: string | undefined }[] = [
  {
    title: 'who uses more than was asked for',
    uses: [use('fair', 500, '600Mi'), use('greedy', 100, '50Mi')],
    expect: 'greedy',
  },
  { title: 'of those, the less important', uses: [use('high', 500, '0', 10), use('low', 100, '0', 1)], expect: 'low' },
  { title: 'of those, who is furthest over', uses: [use('a', 100, '0'), use('b', 200, '0')], expect: 'b' },
  {
    title: 'nobody is over: the less important',
    uses: [use('a', 10, '20Mi', 5), use('b', 10, '20Mi', 4)],
    expect: 'b',
  },
  {
    title: 'never what the node is made of',
    uses: [use('vital', 900, '0', 2_000_001_000), use('file', 900, '0', 0, STATIC)],
    expect: undefined,
  },
]

describe('who has to go', () => {
  for (const { title, uses, expect } of VICTIMS) {
    it(title, () => assert.equal(chooseVictim(LOW, uses)?.pod.metadata.name, expect))
  }

  it('is told why in Kubernetes’ words', () => {
    const words =
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 1024Ki. Container main was using 204800Ki, request is 51200Ki, has larger consumption of memory. '
    assert.equal(evictionMessage(LOW, use('x', 200, '50Mi')), words)
  })
})

const MANIFEST =
  'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: main\n    image: busybox\n'
const read = (text: string, name = 'web.yaml') => readManifest({ name, text }, 'node1', 0)

describe('a static pod', () => {
  it('is named after its node, in the default namespace', () => {
    const { metadata, spec } = read(MANIFEST).pod!
    assert.deepEqual([metadata.name, metadata.namespace, spec.nodeName], ['web-node1', 'default', 'node1'])
    assert.equal(metadata.annotations?.['kubernetes.io/config.source'], 'file')
  })

  it('is another one when its file changes, and the same while it does not', () => {
    assert.equal(read(MANIFEST).pod!.metadata.uid, read(`# a comment\n${MANIFEST}`).pod!.metadata.uid)
    assert.notEqual(read(MANIFEST).pod!.metadata.uid, read(MANIFEST.replace('busybox', 'nginx')).pod!.metadata.uid)
  })

  it('is shown by a mirror that its node owns', () => {
    const pod = read(MANIFEST).pod!
    const mirror = mirrorOf(pod, { name: 'node1', uid: 'u' })
    assert.equal(mirror.metadata?.annotations?.['kubernetes.io/config.mirror'], pod.metadata.uid)
    assert.deepEqual(mirror.metadata?.ownerReferences, [
      { apiVersion: 'v1', kind: 'Node', name: 'node1', uid: 'u', controller: true },
    ])
  })

  const problems: [string, RegExp][] = [
    ['kind: Service\n', /web\.yaml: it does not hold a Pod/],
    ['a: [', /^web\.yaml: /],
    ['', /web\.yaml: /],
    ['kind: Pod\nmetadata: {}\n', /no metadata\.name/],
    ['kind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n', /no containers/],
    [
      'kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n',
      /spec\.containers\[0\] needs a name and an image/,
    ],
  ]
  for (const [text, says] of problems)
    it(`is not: ${text.split('\n')[0]}`, () => assert.match(read(text).problem!, says))

  it('stands in a file of the right name', () => {
    const names = ['a.yaml', 'a.yml', 'a.json', '.a.yaml', 'a.yaml~', 'a.yaml.bak', 'a']
    assert.deepEqual(names.filter(isManifestName), ['a.yaml', 'a.yml', 'a.json'])
  })
})

describe('a machine that slept', () => {
  it('is told from one that was busy', () => {
    assert.equal(sleptFor(5000, 5000), undefined)
    assert.equal(sleptFor(60_000, 58_000), undefined)
    assert.equal(sleptFor(9 * 3_600_000 + 5000, 5000), 9 * 3_600_000)
    assert.equal(sleptFor(-3_600_000, 5000), undefined)
  })

  it('says how long', () => {
    assert.deepEqual([180_000, 9 * 3_600_000, 9.5 * 3_600_000].map(describeSleep), ['3 min', '9 h', '9 h 30 min'])
  })
})
