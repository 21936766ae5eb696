import type { FieldError } from '../kind.ts'
import { isLabelName, isSubdomainName } from '../names.ts'
import type { Container, EphemeralContainer, PodResourceClaim, PodSpec } from '../types/core-v1.ts'
import { duplicates } from './checks.ts'
import { listContainers } from './containers.ts'
import { duplicate, forbidden, invalid, required } from './errors.ts'

/** Devices that a pod claims: what it calls them, and which container has which. */
export function validateClaims(spec: PodSpec, path: string): FieldError[] {
  const claims = spec.resourceClaims ?? []
  const names = claims.map(({ name }) => name).filter(Boolean)
  return [
    ...duplicates(claims, `${path}.resourceClaims`, '.name', claim => claim.name),
    ...claims.flatMap((claim, index) => validateClaim(claim, `${path}.resourceClaims[${index}]`)),
    ...listContainers(spec, path, ['containers', 'initContainers']).flatMap(({ container, at }) =>
      uses(container, names, `${at}.resources.claims`),
    ),
    ...(spec.resources?.claims ? [forbidden(`${path}.resources.claims`, POD_LEVEL)] : []),
  ]
}

const POD_LEVEL = 'claims cannot be set for Resources at pod-level'

function validateClaim(claim: PodResourceClaim, path: string): FieldError[] {
  const { name, resourceClaimName: own, resourceClaimTemplateName: template } = claim
  const errors = name
    ? isLabelName(name).map(problem => invalid(`${path}.name`, name, problem))
    : [required(`${path}.name`)]
  if (own !== undefined && template !== undefined) {
    const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
    errors.push(invalid(path, claim, detail))
  }
  if (own === undefined && template === undefined) {
    errors.push(invalid(path, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
  }
  const named = (value: string | undefined, field: string) =>
    value === undefined ? [] : isSubdomainName(value).map(problem => invalid(`${path}.${field}`, value, problem))
  return [...errors, ...named(own, 'resourceClaimName'), ...named(template, 'resourceClaimTemplateName')]
}

function uses({ resources }: Container | EphemeralContainer, names: readonly string[], path: string): FieldError[] {
  const claims = resources?.claims ?? []
  const seen: string[] = []
  return claims.flatMap(({ name, request }, index) => {
    const where = `${path}[${index}]`
    if (!name) return [required(where)]
    const key = request ? `${name}/${request}` : name
    const isTaken = seen.some(one => one === key || one === name || (!request && one.startsWith(`${name}/`)))
    seen.push(key)
    const errors: FieldError[] = isTaken ? [duplicate(where, request && !seen.includes(name) ? key : name)] : []
    if (names.includes(name)) return errors
    const known = names.length === 0 ? ' which is empty' : `: ${[...names].sort().join(', ')}`
    const detail = `must be one of the names in pod.spec.resourceClaims${known}`
    return [...errors, { type: 'Not found', field: where, value: name, detail }]
  })
}
