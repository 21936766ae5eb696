import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findKind } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { deepCopy } from '../values.ts'

type Tree = Record<string, unknown>

const pods = findKind('', 'v1', 'Pod')!.strategy
const services = findKind('', 'v1', 'Service')!.strategy
const namespaces = findKind('', 'v1', 'Namespace')!.strategy
const nodes = findKind('', 'v1', 'Node')!.strategy
const jobs = findKind('batch', 'v1', 'Job')!.strategy
const claims = findKind('', 'v1', 'PersistentVolumeClaim')!.strategy
const requests = findKind('certificates.k8s.io', 'v1', 'CertificateSigningRequest')!.strategy

const object = (fields: Tree): KubeObject => ({ metadata: { name: 'x' }, ...fields }) as KubeObject
const content = ({ metadata: _, ...rest }: KubeObject): Tree => rest as Tree

describe('a pod', () => {
  const spec = { nodeName: 'n', terminationGracePeriodSeconds: 7, containers: [{ name: 'a', image: 'i' }] }

  it('begins pending, with its class of service', () => {
    const pod = object({ spec, status: { phase: 'Running' } })
    pods.prepareForCreate(pod)
    assert.deepEqual(content(pod).status, { phase: 'Pending', qosClass: 'BestEffort' })
    assert.equal(pod.metadata?.generation, 1)
  })

  it('keeps spec and the time of its deletion when its status changes', () => {
    const old = { ...object({ spec, status: {} }), metadata: { name: 'x', deletionTimestamp: 't', generation: 3 } }
    const pod = object({ spec: {}, status: { phase: 'Running' } })
    pods.prepareForStatusUpdate(pod, old as KubeObject)
    assert.deepEqual(content(pod), { spec, status: { phase: 'Running', qosClass: undefined } })
    assert.equal(pod.metadata?.deletionTimestamp, 't')
    assert.equal(pod.metadata?.generation, 3)
  })

  it('gets nothing but containers to debug with through /ephemeralcontainers', () => {
    const old = object({ spec, status: { phase: 'Running' } })
    const pod = object({ spec: { ...spec, nodeName: 'other', ephemeralContainers: [{ name: 'd' }] } })
    pods.prepareForSubresource!.ephemeralcontainers!(pod, old)
    assert.deepEqual(content(pod), {
      spec: { ...spec, ephemeralContainers: [{ name: 'd' }] },
      status: { phase: 'Running' },
    })
    assert.equal(pod.metadata?.generation, 1)
  })

  it('gets nothing but resources through /resize', () => {
    const old = object({ spec, status: { phase: 'Running' } })
    const pod = object({
      spec: { ...spec, containers: [{ name: 'a', image: 'other', resources: { limits: { cpu: '1' } } }] },
    })
    pods.prepareForSubresource!.resize!(pod, old)
    const { spec: resized } = content(pod) as { spec: { containers: Tree[] } }
    assert.deepEqual(resized.containers, [
      { name: 'a', image: 'i', resources: { limits: { cpu: '1' } }, resizePolicy: undefined },
    ])
  })

  const graces: [string, Tree, number | undefined][] = [
    ['on a node is waited for', { spec }, 7],
    ['with no time of its own gets thirty seconds', { spec: { nodeName: 'n' } }, 30],
    ['on no node goes at once', { spec: {} }, undefined],
    ['that has ended goes at once', { spec, status: { phase: 'Failed' } }, undefined],
  ]
  for (const [what, pod, seconds] of graces) {
    it(what, () => assert.equal(pods.gracePeriod!(object(pod)), seconds))
  }
})

describe('a service', () => {
  const old = object({
    spec: {
      type: 'NodePort',
      clusterIP: '10.0.0.5',
      clusterIPs: ['10.0.0.5'],
      ports: [{ port: 80, protocol: 'TCP', nodePort: 30001 }],
    },
    status: { loadBalancer: {} },
  })
  const cases: [string, Tree, Tree][] = [
    [
      'keeps its address and ports',
      { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP' }] },
      { clusterIP: '10.0.0.5', clusterIPs: ['10.0.0.5'], ports: [{ port: 80, protocol: 'TCP', nodePort: 30001 }] },
    ],
    [
      'may choose another port',
      { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30002 }] },
      { ports: [{ port: 80, protocol: 'TCP', nodePort: 30002 }] },
    ],
    [
      'lets go of its node ports',
      { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }] },
      { ports: [{ port: 80, protocol: 'TCP' }] },
    ],
    ['lets go of its address', { type: 'ExternalName', externalName: 'a.b' }, { clusterIP: undefined }],
    [
      'gives no port twice',
      {
        type: 'NodePort',
        ports: [
          { port: 80, protocol: 'TCP' },
          { port: 81, protocol: 'TCP', nodePort: 30001 },
        ],
      },
      {
        ports: [
          { port: 80, protocol: 'TCP' },
          { port: 81, protocol: 'TCP', nodePort: 30001 },
        ],
      },
    ],
  ]
  for (const [what, spec, expected] of cases) {
    it(what, () => {
      const service = object({ spec: deepCopy(spec) }) as KubeObject & { spec: Tree }
      services.prepareForUpdate(service, old)
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(service.spec[key], value, key)
    })
  }
})

describe('a namespace', () => {
  it('has the finalizer that empties it, and is active', () => {
    const made = object({ spec: { finalizers: ['own/x'] } })
    namespaces.prepareForCreate(made)
    assert.deepEqual(content(made), { spec: { finalizers: ['own/x', 'kubernetes'] }, status: { phase: 'Active' } })
  })

  it('lets go of finalizers through /finalize only', () => {
    const old = object({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Terminating' } })
    const plain = object({ spec: { finalizers: [] } })
    namespaces.prepareForUpdate(plain, old)
    assert.deepEqual(content(plain), content(old))
    const final = object({ spec: { finalizers: [] } })
    namespaces.prepareForSubresource!.finalize!(final, old)
    assert.deepEqual(content(final), { spec: { finalizers: [] }, status: { phase: 'Terminating' } })
  })
})

describe('a claim', () => {
  const other = { kind: 'PersistentVolumeClaim', name: 'other' }
  const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' }
  const populator = { apiGroup: 'example.com', kind: 'Backup', name: 'b' }
  const foreign = { ...other, namespace: 'theirs' }
  const cases: [string, Tree, Tree][] = [
    ['begins with nothing', {}, {}],
    [
      'says in the new way what was said in the old',
      { dataSource: other },
      { dataSource: other, dataSourceRef: other },
    ],
    [
      'says in the old way what was said in the new',
      { dataSourceRef: populator },
      { dataSource: populator, dataSourceRef: populator },
    ],
    ['knows snapshots in both', { dataSource: snapshot }, { dataSource: snapshot, dataSourceRef: snapshot }],
    ['takes no notice of what the old way did not know', { dataSource: populator }, {}],
    [
      'leaves two that differ for validation to refuse',
      { dataSource: other, dataSourceRef: snapshot },
      { dataSource: other, dataSourceRef: snapshot },
    ],
    ['gets no data of another namespace', { dataSourceRef: foreign }, {}],
  ]
  for (const [what, spec, expected] of cases) {
    it(what, () => {
      const claim = object({ spec: deepCopy(spec), status: { phase: 'Bound' } })
      claims.prepareForCreate(claim)
      assert.deepEqual(content(claim), { spec: expected, status: { phase: 'Pending' } })
    })
  }

  it('keeps what stood when an old client sends the old field only', () => {
    const old = object({ spec: { dataSource: populator, dataSourceRef: populator }, status: { phase: 'Bound' } })
    const claim = object({ spec: { dataSource: populator }, status: {} })
    claims.prepareForUpdate(claim, old)
    assert.deepEqual(content(claim), content(old))
  })
})

describe('other kinds', () => {
  it('a node registers with its status, and changes it through /status only', () => {
    const made = object({ spec: {}, status: { capacity: { cpu: '1' } } })
    nodes.prepareForCreate(made)
    assert.deepEqual(content(made).status, { capacity: { cpu: '1' } })
    const changed = object({ spec: { unschedulable: true }, status: {} })
    nodes.prepareForUpdate(changed, made)
    assert.deepEqual(content(changed), { spec: { unschedulable: true }, status: { capacity: { cpu: '1' } } })
  })

  it('a job selects its pods by its own uid', () => {
    const job = {
      metadata: { name: 'j', uid: 'u-1' },
      spec: { template: { metadata: { labels: { a: 'b' } } } },
    } as KubeObject
    jobs.prepareForCreate(job)
    assert.deepEqual((job as KubeObject & { spec: Tree }).spec.selector, {
      matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' },
    })
    const { template } = (job as KubeObject & { spec: { template: KubeObject } }).spec
    assert.deepEqual(template.metadata?.labels, {
      a: 'b',
      'batch.kubernetes.io/controller-uid': 'u-1',
      'controller-uid': 'u-1',
      'batch.kubernetes.io/job-name': 'j',
      'job-name': 'j',
    })
  })

  it('a job keeps labels that somebody wrote himself', () => {
    const template = { metadata: { labels: { 'job-name': 'other' } } }
    const job = { metadata: { name: 'j', uid: 'u-1' }, spec: { template } } as KubeObject
    jobs.prepareForCreate(job)
    const { template: made } = (job as KubeObject & { spec: { template: KubeObject } }).spec
    assert.equal(made.metadata?.labels?.['job-name'], 'other')
  })

  it('a job that brings its own selector keeps it', () => {
    const job = {
      metadata: { name: 'j', uid: 'u-1' },
      spec: { manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: {} },
    } as KubeObject
    jobs.prepareForCreate(job)
    assert.deepEqual((job as KubeObject & { spec: Tree }).spec.selector, { matchLabels: { a: 'b' } })
  })

  const approved = { type: 'Approved', status: 'True' }
  const failed = { type: 'Failed', status: 'True' }
  const signing: [string, 'status' | 'approval', Tree, Tree][] = [
    // Validation refuses it.
    ['/status leaves a new decision alone', 'status', { conditions: [approved] }, { conditions: [approved] }],
    ['/status may fail', 'status', { conditions: [failed] }, { conditions: [failed] }],
    ['/approval cannot sign', 'approval', { conditions: [approved], certificate: 'c' }, { conditions: [approved] }],
  ]
  it('a signing request: /status cannot put a decision in other words', () => {
    const decided = { ...approved, reason: 'Mine' }
    const old = object({ spec: {}, status: { conditions: [decided] } })
    const changed = object({ spec: {}, status: { conditions: [failed, { ...approved, reason: 'Other' }] } })
    requests.prepareForStatusUpdate(changed, old)
    assert.deepEqual(content(changed).status, { conditions: [failed, decided] })
  })

  for (const [what, door, status, expected] of signing) {
    it(`a signing request: ${what}`, () => {
      const old = object({ spec: { request: 'r' }, status: {} })
      const changed = object({ spec: { request: 'other' }, status })
      if (door === 'status') requests.prepareForStatusUpdate(changed, old)
      else requests.prepareForSubresource!.approval!(changed, old)
      assert.deepEqual(content(changed), { spec: { request: 'r' }, status: expected })
    })
  }
})
