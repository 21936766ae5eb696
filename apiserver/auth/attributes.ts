import { ApiError } from '../../api/errors.ts'
import type { Identity } from '../../api/exchange.ts'
import type { RequestInfo } from '../request.ts'

/** The question that authorization answers: may this subject do this? */
export interface Attributes {
  user: Identity
  verb: string
  isResource: boolean
  group: string
  version: string
  plural: string
  subresource: string
  namespace: string
  name: string
  /** Of requests that are not for a resource. */
  path: string
}

export type Verdict = 'allow' | 'deny' | 'unknown'

/** `allow` and `deny` end the matter; `unknown` leaves it to the next authorizer. */
export interface Decision {
  verdict: Verdict
  reason: string
}

export const UNKNOWN: Decision = { verdict: 'unknown', reason: '' }

export interface Authorizer {
  authorize(attributes: Attributes): Decision | Promise<Decision>
}

export function attributesOf(user: Identity, info: RequestInfo): Attributes {
  const { verb, isResource, group, version, plural, subresource, namespace, name, path } = info
  return { user, verb, isResource, group, version, plural, subresource, namespace, name, path }
}

/** A resource question with only what matters filled in. */
export function resourceAttributes(
  user: Identity,
  verb: string,
  resource: Partial<Omit<Attributes, 'user' | 'verb'>>,
): Attributes {
  const none = { group: '', version: '*', plural: '', subresource: '', namespace: '', name: '', path: '' }
  return { ...none, ...resource, user, verb, isResource: true }
}

/** Kubernetes' sentence: `pods "web" is forbidden: User "bob" cannot get resource "pods" in API group "" ...`. */
export function forbidden(attributes: Attributes, reason: string): ApiError {
  const why = reason === '' ? '' : `: ${reason}`
  const { user, verb, group, plural, name } = attributes
  if (!attributes.isResource) {
    return new ApiError(
      'Forbidden',
      `forbidden: User "${user.name}" cannot ${verb} path "${attributes.path}"${why}`,
      {},
    )
  }
  const qualified = group === '' ? plural : `${plural}.${group}`
  const subject = name === '' ? qualified : `${qualified} "${name}"`
  const resource = attributes.subresource === '' ? plural : `${plural}/${attributes.subresource}`
  const where = attributes.namespace === '' ? 'at the cluster scope' : `in the namespace "${attributes.namespace}"`
  return new ApiError(
    'Forbidden',
    `${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}${why}`,
    { name: name || undefined, group: group || undefined, kind: plural },
  )
}
