import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import type { CertificateSigningRequest } from '../api/types/certificates-v1.ts'
import type { ResourceQuota } from '../api/types/core-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../api/types/policy-v1.ts'
import type { Live } from '../client/client.ts'
import { createSigningRequest, parseSigningRequest } from '../pki/csr.ts'
import { generateKey } from '../pki/keys.ts'
import { ago, liveMeta, livePod, NOW } from '../test/support/objects.ts'
import { signedClusterInfo } from './bootstrap.ts'
import {
  decideApproval,
  isOutdated,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  problemOf,
} from './certificates/decide.ts'
import { decideClaims } from './claims.ts'
import { transitionTime } from './conditions.ts'
import { budgetStatus } from './disruption.ts'
import { hashOf } from './hash.ts'
import { nodeMetrics, podMetrics } from './metrics/summary.ts'
import { deletionConditions } from './namespaces/deletion.ts'
import { inSlowStart } from './parallel.ts'
import { speaksOf, usedUnder } from './quota.ts'

describe('certificates', () => {
  const key = generateKey()
  const nodeSubject = { commonName: 'system:node:w1', organizations: ['system:nodes'] }
  const csr = (subject: { commonName: string; organizations?: string[] } = nodeSubject, names = {}) =>
    parseSigningRequest(createSigningRequest(key, subject, names))
  const request = (signerName: string, username: string, usages: string[]): CertificateSigningRequest => ({
    metadata: {},
    spec: { request: '', signerName, username, usages },
  })
  const client = ['digital signature', 'key encipherment', 'client auth']
  const server = ['digital signature', 'server auth']
  const names = { dnsNames: ['w1'], ipAddresses: ['192.168.56.11'] }
  const cases: [string, CertificateSigningRequest, ReturnType<typeof csr>, string[] | undefined, string][] = [
    [
      'a joining node',
      request(KUBELET_CLIENT_SIGNER, 'system:bootstrap:abcdef', client),
      csr(),
      undefined,
      'ask nodeclient',
    ],
    [
      'a node that renews',
      request(KUBELET_CLIENT_SIGNER, 'system:node:w1', client),
      csr(),
      undefined,
      'ask selfnodeclient',
    ],
    [
      'another group',
      request(KUBELET_CLIENT_SIGNER, 'x', client),
      csr({ commonName: 'system:node:w1', organizations: ['system:masters'] }),
      undefined,
      'leave',
    ],
    [
      'a client certificate for serving',
      request(KUBELET_CLIENT_SIGNER, 'x', [...client, 'server auth']),
      csr(),
      undefined,
      'leave',
    ],
    [
      'a client certificate with names',
      request(KUBELET_CLIENT_SIGNER, 'x', client),
      csr(nodeSubject, names),
      undefined,
      'leave',
    ],
    [
      'serving its own names',
      request(KUBELET_SERVING_SIGNER, 'system:node:w1', server),
      csr(nodeSubject, names),
      ['192.168.56.11'],
      'yes',
    ],
    [
      'serving an address it has not announced',
      request(KUBELET_SERVING_SIGNER, 'system:node:w1', server),
      csr(nodeSubject, names),
      [],
      'leave',
    ],
    [
      'serving in the name of another',
      request(KUBELET_SERVING_SIGNER, 'system:node:w2', server),
      csr(nodeSubject, names),
      ['192.168.56.11'],
      'leave',
    ],
    ['serving nothing', request(KUBELET_SERVING_SIGNER, 'system:node:w1', server), csr(), [], 'leave'],
    ["somebody else's signer", request('example.com/x', 'system:node:w1', client), csr(), [], 'leave'],
  ]
  for (const [name, subject, parsed, addresses, expected] of cases) {
    it(name, () => {
      const decision = decideApproval(subject, parsed, addresses)
      assert.equal(decision.approval === 'ask' ? `ask ${decision.permission}` : decision.approval, expected)
    })
  }
  it('says why it cannot sign', () => {
    assert.match(
      problemOf(request(KUBELET_SERVING_SIGNER, 'x', ['client auth']), csr())!,
      /usages did not include "server auth"/,
    )
  })
  /** `Approved@60`: conditions and how many seconds ago they were set. */
  const ages: [string, number, string, boolean][] = [
    ['nobody decides for a day', 86_400, '', false],
    ['nobody decides for longer', 86_401, '', true],
    ['approved an hour ago', 3600, 'Approved@3600', false],
    ['approved longer ago', 3601, 'Approved@3601', true],
    ['denied longer ago', 3700, 'Denied@3601', true],
    ['failed longer ago', 3700, 'Failed@3601', true],
    ['old, and decided just now', 80_000, 'Approved@1', false],
    ['approved long ago, and failed just now', 80_000, 'Approved@7200 Failed@1', false],
    ['older than a day, and decided just now', 90_000, 'Approved@1', false],
  ]
  for (const [name, seconds, decided, expected] of ages) {
    it(`outdated: ${name}`, () => {
      const conditions = decided.split(' ').flatMap(word => {
        const [type, since] = word.split('@')
        return type ? [{ type, status: 'True', lastUpdateTime: ago(Number(since)) }] : []
      })
      const metadata = { creationTimestamp: ago(seconds) }
      assert.equal(
        isOutdated({ metadata, spec: { request: '', signerName: '' }, status: { conditions } }, NOW),
        expected,
      )
    })
  }
})

describe('cluster-info', () => {
  it('carries a signature for each token that signs, and for no other', () => {
    const token = { id: 'abcdef', secret: '0123456789abcdef', expiresAt: undefined, signs: true }
    const signed = signedClusterInfo({ kubeconfig: 'text', 'jws-kubeconfig-old': 'x' }, [token])
    assert.deepEqual(Object.keys(signed), ['kubeconfig', 'jws-kubeconfig-abcdef'])
    const [header, body, signature] = signed['jws-kubeconfig-abcdef']!.split('.')
    assert.deepEqual(
      [JSON.parse(Buffer.from(header!, 'base64url').toString()), body],
      [{ alg: 'HS256', kid: 'abcdef' }, ''],
    )
    const payload = Buffer.from('text').toString('base64url')
    assert.equal(signature, createHmac('sha256', token.secret).update(`${header}.${payload}`).digest('base64url'))
  })
})

describe('decideClaims', () => {
  const owner = { metadata: liveMeta('set') }
  const controlledBy = (uid: string) => ({
    ownerReferences: [{ apiVersion: 'v1', kind: 'S', name: 'set', uid, controller: true }],
  })
  const object = (name: string, extra: object = {}) => ({ metadata: { ...liveMeta(name), ...extra } })
  const objects = [
    object('own', controlledBy('u-set')),
    object('stray', controlledBy('u-set')),
    object('orphan'),
    object('stranger'),
    object('theirs', controlledBy('u-other')),
    object('going', { deletionTimestamp: ago(1) }),
  ]
  const names = (list: { metadata: { name: string } }[]) => list.map(({ metadata }) => metadata.name)
  const selects = ({ metadata }: { metadata: { name: string } }) =>
    ['own', 'orphan', 'theirs', 'going'].includes(metadata.name)
  it('keeps, adopts and lets go', () => {
    const { owned, adopt, release } = decideClaims(owner, objects, selects)
    assert.deepEqual([names(owned), names(adopt), names(release)], [['own'], ['orphan'], ['stray']])
  })
  it('adopts nobody on its way out', () => {
    const { owned, adopt, release } = decideClaims(
      { metadata: { ...liveMeta('set'), deletionTimestamp: ago(1) } },
      objects,
      selects,
    )
    assert.deepEqual([names(owned), names(adopt), names(release)], [['own', 'stray'], [], []])
  })
})

describe('budgetStatus', () => {
  const budget = (spec: PodDisruptionBudgetSpec, disruptedPods = {}): Live<PodDisruptionBudget> => ({
    metadata: liveMeta('b'),
    spec,
    status: { disruptedPods, currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  })
  const healthy = (count: number) => Array.from({ length: count }, (_, i) => livePod(`p${i}`))
  const cases: [
    string,
    Live<PodDisruptionBudget>,
    ReturnType<typeof healthy>,
    number | undefined,
    [number, number, number],
  ][] = [
    ['at least two of three', budget({ minAvailable: 2 }), healthy(3), undefined, [1, 3, 2]],
    ['none to spare', budget({ minAvailable: 3 }), healthy(3), undefined, [0, 3, 3]],
    ['at most one of three', budget({ maxUnavailable: 1 }), healthy(3), 3, [1, 3, 2]],
    [
      'one is down already',
      budget({ maxUnavailable: 1 }),
      [...healthy(2), livePod('x', { ready: false })],
      3,
      [0, 2, 2],
    ],
    ['half, rounded up', budget({ minAvailable: '50%' }), healthy(3), 3, [1, 3, 2]],
    ['nobody knows how many there should be', budget({ maxUnavailable: 1 }), healthy(3), undefined, [0, 3, 0]],
    ['one is being evicted', budget({ minAvailable: 1 }, { p0: ago(10) }), healthy(3), undefined, [1, 2, 1]],
    ['one was to be evicted long ago', budget({ minAvailable: 1 }, { p0: ago(121) }), healthy(3), undefined, [2, 3, 1]],
    ['no pods', budget({ maxUnavailable: 1 }), [], 0, [0, 0, 0]],
  ]
  for (const [name, subject, pods, wanted, expected] of cases) {
    it(name, () => {
      const status = budgetStatus({ budget: subject, pods, wanted, now: NOW, time: ago(0) })
      assert.deepEqual([status.disruptionsAllowed, status.currentHealthy, status.desiredHealthy], expected)
    })
  }
})

describe('usedUnder', () => {
  it('sums what the quota speaks of, ended pods left out', () => {
    const quota: ResourceQuota = {
      spec: { hard: { pods: '9', 'limits.memory': '9Gi', services: '3', 'count/jobs.batch': '1' } },
    }
    const spec = { containers: [{ name: 'a', image: 'a', resources: { limits: { memory: '512Mi' } } }] }
    const of = (group: string, plural: string, object: object) => ({ resource: { group, plural }, object })
    const used = usedUnder(quota, [
      of('', 'pods', livePod('a', { spec })),
      of('', 'pods', livePod('b', { spec })),
      of('', 'pods', livePod('c', { spec, phase: 'Succeeded' })),
      of('', 'services', { spec: {} }),
      of('batch', 'jobs', {}),
    ])
    assert.deepEqual(used, { pods: '2', 'limits.memory': '1Gi', services: '1', 'count/jobs.batch': '1' })
  })
})

describe('what a name in a quota is about', () => {
  const KINDS = [
    ...[
      'pods',
      'services',
      'persistentvolumeclaims',
      'configmaps',
      'secrets',
      'replicationcontrollers',
      'resourcequotas',
    ].map(plural => ({ group: '', plural })),
    ...['deployments', 'pods'].map(plural => ({ group: 'apps', plural })),
    { group: 'example.com', plural: 'services' },
  ]
  // https://kubernetes.io/docs/concepts/policy/resource-quotas/: compute, storage and object count, in that order.
  const cases: [string, string][] = [
    ['cpu', 'pods'],
    ['memory', 'pods'],
    ['limits.cpu', 'pods'],
    ['limits.memory', 'pods'],
    ['requests.cpu', 'pods'],
    ['requests.memory', 'pods'],
    ['hugepages-2Mi', 'pods'],
    ['requests.hugepages-1Gi', 'pods'],
    ['requests.nvidia.com/gpu', 'pods'],
    ['ephemeral-storage', 'pods'],
    ['requests.ephemeral-storage', 'pods'],
    ['limits.ephemeral-storage', 'pods'],
    ['requests.storage', 'persistentvolumeclaims'],
    ['persistentvolumeclaims', 'persistentvolumeclaims'],
    ['gold.storageclass.storage.k8s.io/requests.storage', 'persistentvolumeclaims'],
    ['gold.storageclass.storage.k8s.io/persistentvolumeclaims', 'persistentvolumeclaims'],
    ['count/persistentvolumeclaims', 'persistentvolumeclaims'],
    ['count/pods', 'pods'],
    ['count/services', 'services'],
    ['count/deployments.apps', 'deployments.apps'],
    ['count/pods.apps', 'pods.apps'],
    ['count/services.example.com', 'services.example.com'],
    ['count/widgets.example.com', ''],
    ['pods', 'pods'],
    ['services', 'services'],
    ['services.loadbalancers', 'services'],
    ['services.nodeports', 'services'],
    ['configmaps', 'configmaps'],
    ['secrets', 'secrets'],
    ['replicationcontrollers', 'replicationcontrollers'],
    ['resourcequotas', 'resourcequotas'],
    ['deployments', ''],
    ['nvidia.com/gpu', ''],
  ]
  for (const [name, expected] of cases) {
    it(name, () => {
      const meant = KINDS.filter(kind => speaksOf(name, kind))
      assert.equal(meant.map(({ group, plural }) => (group === '' ? plural : `${plural}.${group}`)).join(), expected)
    })
  }
})

describe('the time of a condition', () => {
  const known = [
    { type: 'A', status: 'True', lastTransitionTime: 'then' },
    { type: 'B', status: 'True' },
  ]
  const cases: [string, Parameters<typeof transitionTime>[0], string, string, string][] = [
    ['the same status: as it was', known, 'A', 'True', 'then'],
    ['another status: now', known, 'A', 'False', 'now'],
    ['one without a time: now', known, 'B', 'True', 'now'],
    ['a new one: now', known, 'C', 'True', 'now'],
    ['nothing known: now', undefined, 'A', 'True', 'now'],
  ]
  for (const [name, before, type, status, expected] of cases)
    it(name, () => assert.equal(transitionTime(before, { type, status }, 'now'), expected))
})

describe('deletionConditions', () => {
  it('says that all is well, or what is not', () => {
    const good = deletionConditions([], [], [], [], ago(0))
    assert.deepEqual(
      good.map(({ status }) => status),
      ['False', 'False', 'False', 'False'],
    )
    const bad = deletionConditions(
      [{ resource: 'pods.', count: 2, finalizers: new Map([['a/b', 1]]) }],
      ['x/v1'],
      ['y: no'],
      good.map(condition => ({ ...condition, lastTransitionTime: ago(60) })),
      ago(0),
    )
    assert.deepEqual(
      bad.map(({ lastTransitionTime }) => lastTransitionTime),
      [ago(0), ago(0), ago(0), ago(0)],
    )
    const fewer = [{ resource: 'pods.', count: 1, finalizers: new Map() }]
    assert.deepEqual(
      deletionConditions(
        fewer,
        ['x/v1'],
        [],
        bad.map(condition => ({ ...condition, lastTransitionTime: ago(30) })),
        ago(0),
      ).map(({ status, lastTransitionTime }) => [status, lastTransitionTime]),
      [
        ['True', ago(30)],
        ['False', ago(0)],
        ['True', ago(30)],
        ['False', ago(0)],
      ],
    )
    assert.deepEqual(
      bad.map(({ message }) => message),
      [
        'x/v1',
        'y: no',
        'Some resources are remaining: pods. has 2 resource instances',
        'Some content in the namespace has finalizers remaining: a/b in 1 resource instances',
      ],
    )
  })
})

describe('metrics of a node', () => {
  const measured = {
    cpu: { time: ago(1), usageNanoCores: 12_345_678 },
    memory: { time: ago(1), workingSetBytes: 3 * 1024 * 1024 + 5 },
  }
  const summary = {
    node: measured,
    pods: [
      { podRef: { name: 'a', namespace: 'x' }, containers: [{ name: 'c', ...measured }] },
      { podRef: { name: 'new', namespace: 'x' }, containers: [{ name: 'c', memory: measured.memory }] },
    ],
  }
  it('are what kubectl top reads', () => {
    assert.deepEqual(nodeMetrics({ name: 'n1' }, summary)?.usage, { cpu: '12345678n', memory: '3Mi' })
    const pods = podMetrics(summary, () => ({ app: 'a' }))
    assert.deepEqual(
      pods.map(({ metadata, containers }) => [metadata, containers]),
      [
        [
          { name: 'a', namespace: 'x', labels: { app: 'a' } },
          [{ name: 'c', usage: { cpu: '12345678n', memory: '3Mi' } }],
        ],
      ],
    )
  })
})

describe('inSlowStart', () => {
  it('stops at the first wave that fails', async () => {
    const tried: number[] = []
    const error = await inSlowStart(100, async index => {
      tried.push(index)
      if (index === 4) throw new Error('quota')
    })
    assert.equal(error?.message, 'quota')
    assert.deepEqual(tried, [0, 1, 2, 3, 4, 5, 6])
  })
})

describe('hashOf', () => {
  it('does not care for the order of keys, but for everything else', () => {
    assert.equal(hashOf({ a: 1, b: [{ c: 2, d: undefined }] }), hashOf({ b: [{ c: 2 }], a: 1 }))
    assert.notEqual(hashOf({ a: 1 }), hashOf({ a: 2 }))
    assert.notEqual(hashOf({ a: 1 }), hashOf({ a: 1 }, 1))
    assert.match(hashOf({}), /^[bcdfghjklmnpqrstvwxz2456789]+$/)
  })
})
