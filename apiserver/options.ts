import type { KeyObject } from 'node:crypto'
import type { ApiHandler } from '../api/exchange.ts'
import type { Kind } from '../api/kind.ts'
import type { Prose } from '../api/openapi/prose.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import type { TolerationSeconds } from './admission/pods.ts'
import type { AuditOptions } from './audit/audit-log.ts'
import type { OidcOptions } from './auth/oidc.ts'
import type { RequestHeaderOptions } from './auth/request-header.ts'
import type { AuthWebhook } from './auth/webhooks.ts'
import type { FlowLimits } from './flow/flow-control.ts'
import type { Store } from './storage/store.ts'
import type { Transformer } from './storage/transform.ts'

/** What `GET /version` says. */
export interface VersionInfo {
  major: string
  minor: string
  gitVersion: string
  gitCommit: string
  gitTreeState: string
  buildDate: string
  goVersion: string
  compiler: string
  platform: string
}

export type AuthorizationMode = 'Node' | 'RBAC' | 'ABAC' | 'Webhook' | 'AlwaysAllow' | 'AlwaysDeny'

/** PEM texts. */
export interface KubeletClient {
  certificate: string
  key: string
  ca: string
}

/** A group version that is served in the same process, beside this server: no address, no certificates. */
export interface Neighbour {
  group: string
  version: string
  /** Its APIResourceList, for discovery. */
  resources: object
  handle: ApiHandler
}

/** PEM of what the server shows to extension servers, so that they believe it whom it speaks for. */
export interface ProxyClient {
  certificate: string
  key: string
}

/** What of a running server a file may change. */
export interface Changeable {
  /** Throws where that is not possible while the server runs. */
  useAuthorizers(authorizers: readonly (AuthorizationMode | AuthWebhook)[]): void
}

/** A file of the server's configuration that may change while it runs. */
export interface WatchedFile {
  /** What it is about, as Kubernetes' metrics name it. */
  subject: 'authorization' | 'encryption'
  /** What it said at the start. */
  text: string
  read(): Promise<string>
  /** Takes what it says now; throws or rejects where that is wrong. */
  use(text: string, server: Changeable): void | Promise<void>
}

/** Everything the server is made from. It reads no file, opens no port and knows no other clock. */
export interface ApiServerOptions {
  store: Store
  clock: Clock
  random: Random
  log: Log
  kinds: readonly Kind[]
  neighbours?: readonly Neighbour[]
  version: VersionInfo
  /** `HOST:PORT` at which clients reach this server, for discovery. */
  advertiseAddress: string
  serviceAccounts: {
    issuer: string
    signingKey: KeyObject
    verificationKeys?: readonly KeyObject[]
    audiences?: readonly string[]
  }
  authentication?: {
    /** --anonymous-auth */
    anonymous?: boolean
    requestHeader?: RequestHeaderOptions
    /** The text of --token-auth-file. */
    staticTokens?: string
    oidc?: OidcOptions
    tokenWebhook?: AuthWebhook
  }
  /** --authorization-mode, or the authorizers of --authorization-config */
  authorization?: readonly (AuthorizationMode | AuthWebhook)[]
  /** The text of --authorization-policy-file, for the mode ABAC. */
  authorizationPolicy?: string
  /** Whom the mode Webhook asks. */
  authorizationWebhook?: AuthWebhook
  admission?: {
    /** --enable-admission-plugins, --disable-admission-plugins */
    enable?: readonly string[]
    disable?: readonly string[]
    tolerationSeconds?: TolerationSeconds
  }
  /** --service-cluster-ip-range */
  serviceClusterIPRange?: string
  /** --service-node-port-range */
  serviceNodePortRange?: { first: number; last: number }
  /** Client certificate and authority for connections to the agents. */
  kubeletClient?: KubeletClient
  /** --proxy-client-cert-file, --proxy-client-key-file: shown to extension servers. */
  proxyClient?: ProxyClient
  /** --event-ttl */
  eventTtlSeconds?: number
  /** --etcd-compaction-interval: 0 leaves it to the store. */
  compactionIntervalMs?: number
  transformer?: Transformer
  watchedFiles?: readonly WatchedFile[]
  /** Descriptions for OpenAPI documents, read each time one is made. */
  openApiProse?: () => Prose
  /** How many requests are served at a time, and how long they wait. */
  limits?: Partial<FlowLimits>
  /** --audit-policy-file, and where what it asks for is told. */
  audit?: AuditOptions
}
