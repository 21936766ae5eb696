import type { ApiServerOptions } from '../options.ts'
import type { Handler, Handlers } from '../parts.ts'
import { handlerKey } from '../verbs/virtual.ts'
import { serveBinding } from './binding.ts'
import { componentStatuses } from './component-statuses.ts'
import { serveEviction } from './eviction.ts'
import { serveProxy } from './proxy.ts'
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from './reviews.ts'
import { serveScale } from './scale.ts'
import { refusePlain, serveLog } from './streams.ts'
import { serveToken } from './token.ts'

type Row = [group: string, plural: string, subresource: string, handler: Handler]

/** Everything that is not one of the plain verbs over a stored kind. */
export function createHandlers({ store }: ApiServerOptions): Handlers {
  const table: Row[] = [
    ['', 'pods', 'log', serveLog],
    ['', 'pods', 'exec', refusePlain],
    ['', 'pods', 'attach', refusePlain],
    ['', 'pods', 'portforward', refusePlain],
    ['', 'nodes', 'proxy', serveProxy],
    ['', 'pods', 'proxy', serveProxy],
    ['', 'services', 'proxy', serveProxy],
    ['', 'pods', 'binding', serveBinding],
    ['', 'bindings', '', serveBinding],
    ['', 'pods', 'eviction', serveEviction],
    ['', 'serviceaccounts', 'token', serveToken],
    ['', 'componentstatuses', '', componentStatuses(store)],
    ['', 'replicationcontrollers', 'scale', serveScale],
    ['apps', 'deployments', 'scale', serveScale],
    ['apps', 'replicasets', 'scale', serveScale],
    ['apps', 'statefulsets', 'scale', serveScale],
    ['authentication.k8s.io', 'tokenreviews', '', tokenReview],
    ['authentication.k8s.io', 'selfsubjectreviews', '', selfSubjectReview],
    ['authorization.k8s.io', 'subjectaccessreviews', '', subjectAccessReview],
    ['authorization.k8s.io', 'localsubjectaccessreviews', '', localSubjectAccessReview],
    ['authorization.k8s.io', 'selfsubjectaccessreviews', '', selfSubjectAccessReview],
    ['authorization.k8s.io', 'selfsubjectrulesreviews', '', selfSubjectRulesReview],
  ]
  return new Map(
    table.map(([group, plural, subresource, handler]) => [handlerKey(group, plural, subresource), handler]),
  )
}
