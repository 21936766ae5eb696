import { setTokenRequestDefaults } from '../defaults/access.ts'
import type { Kind } from '../kind.ts'
import type { TokenRequest } from '../types/authentication-v1.ts'
import { declareBodies, declareKinds, kind } from './declare.ts'

/** Questions that are answered and never stored: who am I, may I. */
export function accessKinds(): Kind[] {
  return [
    ...declareKinds('authentication.k8s.io', 'v1', [question('TokenReview'), question('SelfSubjectReview')]),
    ...declareKinds('authorization.k8s.io', 'v1', [
      question('SubjectAccessReview'),
      question('LocalSubjectAccessReview'),
      question('SelfSubjectAccessReview'),
      question('SelfSubjectRulesReview'),
    ]),
  ]
}

function question(name: string) {
  return { kind: name, name: 'none' as const, statusOnCreate: true }
}

/** Kinds that are only ever the body of a request to a subresource: they have no path of their own. */
export function bodyKinds(): Kind[] {
  return [
    ...declareBodies('autoscaling', 'v1', [{ kind: 'Scale' }]),
    ...declareBodies('policy', 'v1', [{ kind: 'Eviction', alsoAccepts: ['policy/v1beta1'] }]),
    ...declareBodies('authentication.k8s.io', 'v1', [
      kind<TokenRequest>({ kind: 'TokenRequest', name: 'none', setDefaults: setTokenRequestDefaults }),
    ]),
  ]
}
