import type { Secret } from '../../api/types/core-v1.ts'
import type { Catalog } from '../catalog.ts'
import type { ApiServerOptions } from '../options.ts'
import { Authentication } from '../stages/authenticate.ts'
import type { ObjectStore } from '../stages/store.ts'
import type { WebhookClient } from '../webhook/client.ts'
import type { TokenAuthenticator } from './authenticator.ts'
import { BootstrapTokens } from './bootstrap-tokens.ts'
import { OidcTokens } from './oidc.ts'
import { DEFAULT_REQUEST_HEADERS, RequestHeaderAuthenticator } from './request-header.ts'
import { ServiceAccountTokens } from './service-accounts.ts'
import { StaticTokens } from './static-tokens.ts'
import { WebhookTokens } from './webhooks.ts'

interface Surroundings {
  catalog: Catalog
  objects: ObjectStore
  webhookClient: WebhookClient
}

/** All ways to be recognised, as the options ask for them. */
export function createAuthentication(options: ApiServerOptions, { catalog, objects, webhookClient }: Surroundings) {
  const find = async (plural: string, namespace: string, name: string) => {
    const kind = catalog.find('', 'v1', plural)
    const entry = kind && (await objects.find(kind, namespace, name))
    return entry?.shared()
  }
  const { issuer, signingKey, verificationKeys = [], audiences = [issuer] } = options.serviceAccounts
  const serviceAccounts = new ServiceAccountTokens({
    issuer,
    signingKey,
    verificationKeys: [signingKey, ...verificationKeys],
    audiences,
    clock: options.clock,
    find,
  })
  const findSecret = async (name: string) => (await find('secrets', 'kube-system', name)) as Secret | undefined
  const authentication = new Authentication({
    authenticators: [new RequestHeaderAuthenticator(options.authentication?.requestHeader ?? DEFAULT_REQUEST_HEADERS)],
    tokens: [new BootstrapTokens(findSecret, options.clock), serviceAccounts, ...furtherTokens(options, webhookClient)],
    anonymous: options.authentication?.anonymous ?? true,
    log: options.log.child('authentication'),
  })
  return { authentication, serviceAccounts }
}

/** Those that only some clusters have; the webhook last, since asking it costs most. */
function furtherTokens({ authentication, clock, log }: ApiServerOptions, client: WebhookClient): TokenAuthenticator[] {
  const { staticTokens, oidc, tokenWebhook } = authentication ?? {}
  const around = { client, clock, log: log.child('authentication') }
  return [
    ...(staticTokens === undefined ? [] : [new StaticTokens(staticTokens)]),
    ...(oidc ? [new OidcTokens(oidc, around)] : []),
    ...(tokenWebhook ? [new WebhookTokens(tokenWebhook, around)] : []),
  ]
}
