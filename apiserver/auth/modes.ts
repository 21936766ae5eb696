import type { KubeObject } from '../../api/objects.ts'
import type { Catalog } from '../catalog.ts'
import type { ApiServerOptions, AuthorizationMode } from '../options.ts'
import { Authorization } from '../stages/authorize.ts'
import type { Cache } from '../storage/cache.ts'
import { prefixEnd, shelfPrefix } from '../storage/keys.ts'
import type { WebhookClient } from '../webhook/client.ts'
import { AbacAuthorizer } from './abac.ts'
import type { Authorizer } from './attributes.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { RbacAuthorizer, type RbacObjects } from './rbac.ts'
import { WebhookAuthorizer } from './webhooks.ts'

const GROUP = 'rbac.authorization.k8s.io'
const PLURALS = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'] as const

export interface Authorizers {
  authorization: Authorization
  rbac: RbacAuthorizer
}

interface Surroundings {
  catalog: Catalog
  cache: Cache
  webhookClient: WebhookClient
}

/** The authorizers in the order of --authorization-mode or --authorization-config. */
export function createAuthorization(
  options: ApiServerOptions,
  { catalog, cache, webhookClient }: Surroundings,
): Authorizers {
  const rbac = createRbac(catalog, cache)
  const make: Record<AuthorizationMode, () => Authorizer> = {
    RBAC: () => rbac,
    Node: () => new NodeAuthorizer(cache),
    ABAC: () => createAbac(options),
    Webhook: () => createWebhook(options, webhookClient),
    AlwaysAllow: () => ({ authorize: () => ({ verdict: 'allow', reason: '' }) }),
    AlwaysDeny: () => ({ authorize: () => ({ verdict: 'unknown', reason: 'Everything is forbidden.' }) }),
  }
  const modes = options.authorization ?? ['Node', 'RBAC']
  const unknown = modes.filter(mode => typeof mode === 'string' && !Object.hasOwn(make, mode))
  if (unknown.length > 0) throw new Error(`unknown authorization mode: ${unknown.join(', ')}`)
  const authorizers = modes.map(mode =>
    typeof mode === 'string' ? make[mode]() : createWebhook({ ...options, authorizationWebhook: mode }, webhookClient),
  )
  return { authorization: new Authorization(authorizers), rbac }
}

function createAbac({ authorizationPolicy }: ApiServerOptions): Authorizer {
  if (authorizationPolicy === undefined)
    throw new Error('the authorization mode ABAC needs --authorization-policy-file')
  return new AbacAuthorizer(authorizationPolicy)
}

function createWebhook({ authorizationWebhook, clock, log }: ApiServerOptions, client: WebhookClient): Authorizer {
  if (!authorizationWebhook) throw new Error('the authorization mode Webhook needs --authorization-webhook-config-file')
  return new WebhookAuthorizer(authorizationWebhook, { client, clock, log: log.child('authorization') })
}

function createRbac(catalog: Catalog, cache: Cache): RbacAuthorizer {
  const prefixes = PLURALS.map(plural => {
    const kind = catalog.find(GROUP, 'v1', plural)
    if (!kind) throw new Error(`the catalog lacks ${plural}`)
    return shelfPrefix(kind)
  })
  const all = (index: number): KubeObject[] => {
    const prefix = prefixes[index]!
    return cache
      .shelf(prefix)
      .range(prefix, prefixEnd(prefix))
      .map(entry => entry.shared())
  }
  const objects = () =>
    ({
      clusterRoles: all(0),
      clusterRoleBindings: all(1),
      roles: all(2),
      roleBindings: all(3),
    }) as unknown as RbacObjects
  const authorizer = new RbacAuthorizer(objects)
  cache.onChange(prefixes, () => authorizer.invalidate())
  return authorizer
}
