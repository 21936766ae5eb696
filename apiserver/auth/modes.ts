import type { KubeObject } from '../../api/objects.ts'
import type { Catalog } from '../catalog.ts'
import type { ApiServerOptions, AuthorizationMode, Changeable } from '../options.ts'
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

export interface Authorizers extends Changeable {
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
  const first = options.authorization ?? ['Node', 'RBAC']
  const unknown = plainModes(first).filter(mode => !Object.hasOwn(make, mode))
  if (unknown.length > 0) throw new Error(`unknown authorization mode: ${unknown.join(', ')}`)
  const plain = new Map(plainModes(first).map(mode => [mode, make[mode]()]))
  const authorizersOf = (list: Configured) =>
    list.map(one =>
      typeof one === 'string'
        ? plain.get(one)!
        : createWebhook({ ...options, authorizationWebhook: one }, webhookClient),
    )
  const authorization = new Authorization(authorizersOf(first))
  return {
    authorization,
    rbac,
    useAuthorizers(next) {
      const [wanted, given] = [first, next].map(list => plainModes(list).sort().join(', '))
      if (wanted !== given) throw new Error(`while the server runs the types must stay ${wanted}, and not be ${given}`)
      authorization.use(authorizersOf(next))
    },
  }
}

type Configured = NonNullable<ApiServerOptions['authorization']>

function plainModes(list: Configured): AuthorizationMode[] {
  return list.filter(one => typeof one === 'string')
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
