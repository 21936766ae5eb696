import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findKind } from '../../api/kinds/registry.ts'
import type { RuleWithOperations } from '../../api/types/admissionregistration-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { Catalog } from '../catalog.ts'
import type { AdmissionRequest, Operation } from './admission.ts'
import type { Lister } from './lister.ts'
import { type Matching, matchingKind } from './webhook-match.ts'

const KINDS = {
  pods: findKind('', 'v1', 'Pod')!,
  namespaces: findKind('', 'v1', 'Namespace')!,
  nodes: findKind('', 'v1', 'Node')!,
  deployments: findKind('apps', 'v1', 'Deployment')!,
}

const HPA = {
  old: findKind('autoscaling', 'v1', 'HorizontalPodAutoscaler')!,
  now: findKind('autoscaling', 'v2', 'HorizontalPodAutoscaler')!,
}
const catalog = { kinds: [...Object.values(KINDS), HPA.old, HPA.now] } as unknown as Catalog

/** As which version a request is seen, if it is. */
function seenAs(matching: Matching, request: AdmissionRequest, lister = {} as Lister): string | undefined {
  return matchingKind({ lister, catalog }, matching, request)?.version
}

type What = keyof typeof KINDS | `${keyof typeof KINDS}/${string}`

function requestOf(operation: Operation, what: What, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const [plural, subresource = ''] = what.split('/') as [keyof typeof KINDS, string?]
  const kind = KINDS[plural]
  const where = { namespace: kind.namespaced ? 'team' : '', name: 'x' }
  const common = { user: { name: 'a', groups: [] }, dryRun: false, options: {}, warnings: [] }
  return { operation, kind, subresource, ...where, ...common, ...more }
}

const rule = (resources: string[], more: RuleWithOperations = {}): RuleWithOperations => ({
  ...{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources },
  ...more,
})

describe('a rule', () => {
  const cases: [boolean, string, RuleWithOperations, Operation, What][] = [
    [true, 'its resource', rule(['pods']), 'CREATE', 'pods'],
    [true, 'one of several', rule(['nodes', 'pods']), 'CREATE', 'pods'],
    [false, 'another resource', rule(['services']), 'CREATE', 'pods'],
    [false, 'no resource at all', rule([]), 'CREATE', 'pods'],
    [false, 'another operation', rule(['pods']), 'DELETE', 'pods'],
    [true, 'any operation', rule(['pods'], { operations: ['*'] }), 'CONNECT', 'pods'],
    [false, 'another group', rule(['deployments']), 'CREATE', 'deployments'],
    [true, 'any group', rule(['deployments'], { apiGroups: ['*'] }), 'CREATE', 'deployments'],
    [false, 'another version', rule(['pods'], { apiVersions: ['v2'] }), 'CREATE', 'pods'],
    [true, 'any version', rule(['pods'], { apiVersions: ['*'] }), 'CREATE', 'pods'],
    [false, 'a resource is not its subresources', rule(['pods']), 'CREATE', 'pods/status'],
    [true, 'a subresource', rule(['pods/status']), 'CREATE', 'pods/status'],
    [false, 'another subresource', rule(['pods/log']), 'CREATE', 'pods/status'],
    [false, 'a subresource is not its resource', rule(['pods/status']), 'CREATE', 'pods'],
    [true, 'all subresources of one', rule(['pods/*']), 'CREATE', 'pods/exec'],
    [true, 'all resources', rule(['*']), 'CREATE', 'nodes'],
    [false, 'all resources are not their subresources', rule(['*']), 'CREATE', 'pods/status'],
    [true, 'a subresource of all', rule(['*/status']), 'CREATE', 'nodes/status'],
    [false, 'a subresource of all, another one', rule(['*/scale']), 'CREATE', 'nodes/status'],
    [true, 'everything', rule(['*/*']), 'CREATE', 'pods/exec'],
    [true, 'what is in namespaces', rule(['*'], { scope: 'Namespaced' }), 'CREATE', 'pods'],
    [false, 'what is not, by a rule for what is', rule(['*'], { scope: 'Namespaced' }), 'CREATE', 'nodes'],
    [false, 'what is, by a rule for what is not', rule(['*'], { scope: 'Cluster' }), 'CREATE', 'pods'],
    [true, 'a namespace is in none', rule(['*'], { scope: 'Cluster' }), 'CREATE', 'namespaces'],
    [true, 'either', rule(['*'], { scope: '*' }), 'CREATE', 'pods'],
  ]
  for (const [expected, name, given, operation, what] of cases)
    it(`${expected ? 'sees' : 'does not see'} ${name}`, () =>
      assert.equal(seenAs({ rules: [given] }, requestOf(operation, what)) !== undefined, expected))
})

describe('selectors', () => {
  const namespaces: Record<string, object> = { team: { 'kubernetes.io/metadata.name': 'team', env: 'prod' } }
  const lister = {
    get: (_: string, __: string, name: string) => namespaces[name] && { metadata: { labels: namespaces[name] } },
  } as unknown as Lister
  const all = [rule(['*'], { operations: ['*'], apiGroups: ['*'] })]
  const of = (labels: Record<string, string>) => ({ metadata: { name: 'x', labels } })
  const prod: LabelSelector = { matchLabels: { env: 'prod' } }
  const notProd: LabelSelector = { matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['prod'] }] }
  const named: LabelSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'gone' } }
  type Selectors = { namespaceSelector?: LabelSelector; objectSelector?: LabelSelector }
  const cases: [boolean, string, Selectors, AdmissionRequest][] = [
    [true, 'none', {}, requestOf('CREATE', 'pods')],
    [true, 'empty ones', { namespaceSelector: {}, objectSelector: {} }, requestOf('CREATE', 'pods')],
    [true, 'the namespace', { namespaceSelector: prod }, requestOf('CREATE', 'pods')],
    [false, 'not the namespace', { namespaceSelector: notProd }, requestOf('CREATE', 'pods')],
    [
      true,
      'a namespace that is not known, by its name',
      { namespaceSelector: named },
      requestOf('CREATE', 'pods', { namespace: 'gone' }),
    ],
    [true, 'things in no namespace are not asked', { namespaceSelector: notProd }, requestOf('CREATE', 'nodes')],
    [
      true,
      'a namespace by its own labels',
      { namespaceSelector: prod },
      requestOf('CREATE', 'namespaces', { object: of({ env: 'prod' }) }),
    ],
    [
      false,
      'a namespace with other labels',
      { namespaceSelector: prod },
      requestOf('CREATE', 'namespaces', { object: of({}) }),
    ],
    [
      true,
      'a namespace that goes, by what it was',
      { namespaceSelector: prod },
      requestOf('DELETE', 'namespaces', { old: of({ env: 'prod' }) }),
    ],
    [true, 'the object', { objectSelector: prod }, requestOf('CREATE', 'pods', { object: of({ env: 'prod' }) })],
    [false, 'not the object', { objectSelector: prod }, requestOf('CREATE', 'pods', { object: of({ env: 'test' }) })],
    [
      true,
      'the object as it was',
      { objectSelector: prod },
      requestOf('UPDATE', 'pods', { object: of({}), old: of({ env: 'prod' }) }),
    ],
    [
      true,
      'the object as it will be',
      { objectSelector: prod },
      requestOf('UPDATE', 'pods', { object: of({ env: 'prod' }), old: of({}) }),
    ],
    [false, 'neither', { objectSelector: prod }, requestOf('UPDATE', 'pods', { object: of({}), old: of({}) })],
    [false, 'no object at all', { objectSelector: prod }, requestOf('CONNECT', 'pods/exec')],
    [
      false,
      'both have to fit',
      { namespaceSelector: prod, objectSelector: prod },
      requestOf('CREATE', 'pods', { object: of({}) }),
    ],
  ]
  for (const [expected, name, selectors, request] of cases)
    it(name, () => assert.equal(seenAs({ rules: all, ...selectors }, request, lister) !== undefined, expected))
  it('without rules nothing is seen', () => {
    assert.equal(seenAs({}, requestOf('CREATE', 'pods'), lister), undefined)
  })
})

describe('versions', () => {
  const scalers = (...apiVersions: string[]) => [
    rule(['horizontalpodautoscalers'], { apiGroups: ['autoscaling'], apiVersions }),
  ]
  const request = { ...requestOf('CREATE', 'pods'), kind: HPA.old }
  const cases: [string, Matching, string | undefined][] = [
    ['the one that was asked for', { rules: scalers('v1') }, 'v1'],
    ['rather than another', { rules: scalers('v2', 'v1') }, 'v1'],
    ['another where that is the one known', { rules: scalers('v2') }, 'v2'],
    ['none where it has to be exact', { rules: scalers('v2'), matchPolicy: 'Exact' }, undefined],
    ['none that does not exist', { rules: scalers('v3') }, undefined],
  ]
  for (const [name, matching, expected] of cases) it(name, () => assert.equal(seenAs(matching, request), expected))
})
