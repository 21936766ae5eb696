import type { PolicyRule } from '../../api/types/rbac-v1.ts'

/** Whether everything that `wanted` allows is allowed by one of the rules held. What is not covered is returned. */
export function uncoveredRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(atoms).filter(atom => !held.some(rule => covers(rule, atom)))
}

/** One verb on one resource, or on one path. */
function atoms(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames?.length ? rule.resourceNames.map(name => [name]) : [undefined]
  const onResources = (rule.apiGroups ?? []).flatMap(group =>
    (rule.resources ?? []).flatMap(resource =>
      rule.verbs.flatMap(verb =>
        names.map(resourceNames => ({ apiGroups: [group], resources: [resource], verbs: [verb], resourceNames })),
      ),
    ),
  )
  const onPaths = (rule.nonResourceURLs ?? []).flatMap(url =>
    rule.verbs.map(verb => ({ nonResourceURLs: [url], verbs: [verb] })),
  )
  return [...onResources, ...onPaths]
}

function covers(held: PolicyRule, atom: PolicyRule): boolean {
  const has = (values: readonly string[] | undefined, value: string) =>
    values !== undefined && (values.includes('*') || values.includes(value))
  if (!has(held.verbs, atom.verbs[0]!)) return false
  if (atom.nonResourceURLs) return (held.nonResourceURLs ?? []).some(url => coversPath(url, atom.nonResourceURLs![0]!))
  return (
    has(held.apiGroups, atom.apiGroups![0]!) &&
    coversResource(held.resources ?? [], atom.resources![0]!) &&
    (!held.resourceNames?.length ||
      (atom.resourceNames !== undefined && held.resourceNames.includes(atom.resourceNames[0]!)))
  )
}

function coversResource(held: readonly string[], resource: string): boolean {
  if (held.includes('*') || held.includes(resource)) return true
  const slash = resource.indexOf('/')
  return slash >= 0 && held.includes(`*${resource.slice(slash)}`)
}

function coversPath(held: string, path: string): boolean {
  return held === path || held === '*' || (held.endsWith('*') && path.startsWith(held.slice(0, -1)))
}

/** A rule as it stands in messages: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}` */
export function describeRule(rule: PolicyRule): string {
  const list = (name: string, values: readonly string[] | undefined) =>
    values?.length ? [`${name}:[${values.map(value => JSON.stringify(value)).join(' ')}]`] : []
  const parts = [
    ...list('APIGroups', rule.apiGroups),
    ...list('Resources', rule.resources),
    ...list('ResourceNames', rule.resourceNames),
    ...list('NonResourceURLs', rule.nonResourceURLs),
    ...list('Verbs', rule.verbs),
  ]
  return `{${parts.join(', ')}}`
}
