import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import { selects } from '../../api/selectors.ts'
import type { RuleWithOperations } from '../../api/types/admissionregistration-v1.ts'
import type { Namespace } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { Catalog } from '../catalog.ts'
import type { AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'

/** What webhooks and policies say about which requests they want to see. */
export interface Matching {
  rules?: readonly RuleWithOperations[]
  /** Equivalent, unless it is Exact. */
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

/** As which kind somebody wants to see a request: that of the request, or an equivalent one; undefined: not at all. */
export function matchingKind(
  { lister, catalog }: { lister: Lister; catalog: Catalog },
  matching: Matching,
  request: AdmissionRequest,
): Kind | undefined {
  const as = kindOfRules(catalog, matching, request, rule => rule)
  const { namespaceSelector, objectSelector } = matching
  const wanted = as && matchesNamespace(lister, namespaceSelector, request) && matchesObject(objectSelector, request)
  return wanted ? as : undefined
}

/** Rules for `v1` see `v1beta1` as well, turned into `v1`: nobody slips past them by taking another version. */
export function kindOfRules<R extends RuleWithOperations>(
  catalog: Catalog,
  { rules = [], matchPolicy }: { rules?: readonly R[]; matchPolicy?: string },
  request: AdmissionRequest,
  narrowed: (rule: R) => RuleWithOperations | undefined,
): Kind | undefined {
  const isFor = (kind: Kind) =>
    rules.some(rule => {
      const own = narrowed(rule)
      return own !== undefined && matchesRule(own, { ...request, kind })
    })
  if (isFor(request.kind)) return request.kind
  if (matchPolicy === 'Exact') return undefined
  return catalog.kinds.find(kind => isSameThing(kind, request.kind) && isFor(kind))
}

function isSameThing(a: Kind, b: Kind): boolean {
  return a !== b && a.storage.prefix === b.storage.prefix && a.kind === b.kind
}

function matchesRule(rule: RuleWithOperations, { kind, subresource, operation }: AdmissionRequest): boolean {
  const has = (values: readonly string[] | undefined, value: string) =>
    Boolean(values?.includes('*') || values?.includes(value))
  if (!has(rule.operations, operation) || !has(rule.apiGroups, kind.group) || !has(rule.apiVersions, kind.version))
    return false
  if (rule.scope === 'Cluster' && kind.namespaced) return false
  if (rule.scope === 'Namespaced' && !kind.namespaced) return false
  return (rule.resources ?? []).some(resource => matchesResource(resource, kind.plural, subresource))
}

/** A pattern is a resource, with a subresource after a slash; a star stands for any. */
function matchesResource(pattern: string, plural: string, subresource: string): boolean {
  const [resource, sub] = pattern.split('/')
  if (resource !== '*' && resource !== plural) return false
  if (sub === undefined) return subresource === ''
  return sub === '*' || sub === subresource
}

function matchesNamespace(lister: Lister, selector: LabelSelector | undefined, request: AdmissionRequest): boolean {
  if (!selector || isEmpty(selector)) return true
  const { kind, namespace, object, old, name } = request
  if (kind.group === '' && kind.kind === 'Namespace') return selects(selector, (object ?? old)?.metadata?.labels ?? {})
  if (namespace === '') return true
  const found = lister.get<Namespace>('namespaces', '', namespace)
  return selects(selector, found?.metadata?.labels ?? { 'kubernetes.io/metadata.name': namespace || name })
}

/** Either state may be the one that is selected: nobody slips away by changing a label. */
function matchesObject(selector: LabelSelector | undefined, { object, old }: AdmissionRequest): boolean {
  if (!selector || isEmpty(selector)) return true
  const chosen = (one: KubeObject | undefined) => one !== undefined && selects(selector, one.metadata?.labels ?? {})
  return chosen(object) || chosen(old)
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
}
