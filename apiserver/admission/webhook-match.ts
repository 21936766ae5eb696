import type { KubeObject } from '../../api/objects.ts'
import { selects } from '../../api/selectors.ts'
import type { RuleWithOperations } from '../../api/types/admissionregistration-v1.ts'
import type { Namespace } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'

/** What webhooks and policies say about which requests they want to see. */
export interface Matching {
  rules?: readonly RuleWithOperations[]
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

export function matchesRequest(lister: Lister, matching: Matching, request: AdmissionRequest): boolean {
  if (!(matching.rules ?? []).some(rule => matchesRule(rule, request))) return false
  return (
    matchesNamespace(lister, matching.namespaceSelector, request) && matchesObject(matching.objectSelector, request)
  )
}

export function matchesRule(rule: RuleWithOperations, { kind, subresource, operation }: AdmissionRequest): boolean {
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
