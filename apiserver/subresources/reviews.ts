import { badRequest } from '../../api/errors.ts'
import type { Identity } from '../../api/exchange.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { SelfSubjectReview, TokenReview, TokenReviewStatus, UserInfo } from '../../api/types/authentication-v1.ts'
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '../../api/types/authorization-v1.ts'
import type { PolicyRule } from '../../api/types/rbac-v1.ts'
import { invalidObject } from '../../api/validate/errors.ts'
import type { Attributes } from '../auth/attributes.ts'
import { asAuthenticated, TokenRefused } from '../auth/authenticator.ts'
import type { ResourceCall, Result } from '../call.ts'
import type { Parts } from '../parts.ts'
import { decodeBody } from '../stages/decode.ts'
import { created } from '../verbs/virtual.ts'

/** Questions about who and may: answered at once, stored never. */

export async function selfSubjectReview(_parts: Parts, call: ResourceCall): Promise<Result> {
  const review = decodeBody(call) as SelfSubjectReview
  return created({ ...review, status: { userInfo: userInfo(call.user) } } as KubeObject)
}

export async function tokenReview(parts: Parts, call: ResourceCall): Promise<Result> {
  const review = decodeBody(call) as TokenReview
  const { token, audiences } = review.spec ?? {}
  if (!token) throw badRequest('token is required for TokenReview in authentication')
  return created({ ...review, spec: { audiences }, status: await tokenStatus(parts, token, audiences) } as KubeObject)
}

async function tokenStatus(parts: Parts, token: string, wanted?: string[]): Promise<TokenReviewStatus> {
  try {
    const identity = await parts.authentication.identifyToken(token, wanted?.length ? wanted : undefined)
    if (!identity) return { user: {}, error: 'the token is not known' }
    const { audiences, ...user } = identity
    return { authenticated: true, user: userInfo(asAuthenticated(user)), audiences }
  } catch (error) {
    if (error instanceof TokenRefused) return { user: {}, error: error.message }
    throw error
  }
}

function userInfo({ name, uid, groups, extra }: Identity): UserInfo {
  const some = extra && Object.keys(extra).length > 0
  return { username: name, ...(uid ? { uid } : {}), groups, ...(some ? { extra } : {}) }
}

export async function selfSubjectAccessReview(parts: Parts, call: ResourceCall): Promise<Result> {
  const review = decodeBody(call) as SelfSubjectAccessReview
  return created(await answered(parts, review, call.user))
}

export async function subjectAccessReview(parts: Parts, call: ResourceCall): Promise<Result> {
  const review = decodeBody(call) as SubjectAccessReview
  return created(await answered(parts, review, subjectOf(review, 'SubjectAccessReview')))
}

export async function localSubjectAccessReview(parts: Parts, call: ResourceCall): Promise<Result> {
  const review = decodeBody(call) as LocalSubjectAccessReview
  const asked = review.spec?.resourceAttributes
  if (!asked) throw badRequest('spec.resourceAttributes: a LocalSubjectAccessReview asks about a resource')
  asked.namespace ||= call.info.namespace
  if (asked.namespace !== call.info.namespace)
    throw badRequest(`namespace on resource attribute must match: ${call.info.namespace}`)
  return created(await answered(parts, review, subjectOf(review, 'LocalSubjectAccessReview')))
}

function subjectOf({ spec }: { spec: SubjectAccessReviewSpec }, kind: string): Identity {
  const { user = '', groups = [], uid, extra } = spec ?? {}
  if (user !== '' || groups.length > 0) return { name: user, groups, uid, extra }
  const detail = 'at least one of user or group must be specified'
  throw invalidObject({ group: 'authorization.k8s.io', kind }, '', [
    { type: 'Invalid value', field: 'spec.user', value: '', detail },
  ])
}

type AccessReview = SelfSubjectAccessReview | SubjectAccessReview | LocalSubjectAccessReview

async function answered(parts: Parts, review: AccessReview, user: Identity): Promise<KubeObject> {
  const decision = await parts.authorization.decide(questionOf(review, user))
  const allowed = decision.verdict === 'allow'
  const status = {
    allowed,
    ...(decision.verdict === 'deny' ? { denied: true } : {}),
    ...(decision.reason ? { reason: decision.reason } : {}),
  }
  const whole: KubeObject & { status: typeof status } = { ...review, status }
  return whole
}

function questionOf({ kind = '', spec }: AccessReview, user: Identity): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec ?? {}
  if ((resource === undefined) === (path === undefined)) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    throw invalidObject({ group: 'authorization.k8s.io', kind }, '', [
      { type: 'Invalid value', field: 'spec.resourceAttributes', value: resource ?? null, detail },
    ])
  }
  return {
    user,
    verb: resource?.verb ?? path?.verb ?? '',
    isResource: resource !== undefined,
    group: resource?.group ?? '',
    version: resource?.version ?? '',
    plural: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: resource?.namespace ?? '',
    name: resource?.name ?? '',
    path: path?.path ?? '',
  }
}

/** What RBAC grants the caller: `kubectl auth can-i --list`. Other authorizers have rules that no list can tell. */
export async function selfSubjectRulesReview(parts: Parts, call: ResourceCall): Promise<Result> {
  const review = decodeBody(call) as SelfSubjectRulesReview
  const namespace = review.spec?.namespace ?? ''
  if (namespace === '') throw badRequest('no namespace on request')
  const superuser = call.user.groups.includes('system:masters')
  const all: PolicyRule[] = superuser
    ? [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ]
    : [...parts.rbac.grantsOf(call.user, namespace)].flatMap(grant => [...grant.rules])
  const resourceRules = all.filter(rule => rule.resources?.length)
  const nonResourceRules = all.filter(rule => rule.nonResourceURLs?.length)
  return created({ ...review, status: { incomplete: false, resourceRules, nonResourceRules } } as KubeObject)
}
