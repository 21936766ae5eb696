import type { KeyObject } from 'node:crypto'
import { load } from 'js-yaml'
import type { OidcOptions } from '../../apiserver/auth/oidc.ts'
import { DEFAULT_REQUEST_HEADERS, type RequestHeaderOptions } from '../../apiserver/auth/request-header.ts'
import type { ApiServerOptions, WatchedFile } from '../../apiserver/options.ts'
import { Encryption } from '../../apiserver/storage/encryption.ts'
import { publicOf, readPrivateKey, readPublicKey } from '../../pki/keys.ts'
import type { Disk } from '../../platform/disk.ts'
import type { Random } from '../../platform/random.ts'
import type { FlagReader, FlagTable } from '../flags.ts'
import { UserError } from '../output.ts'
import { AUDIT_FLAGS, auditOptions } from './audit-flags.ts'
import { authorizationWebhook, authorizers, tokenWebhook, WEBHOOK_FLAGS } from './webhook-flags.ts'

const TLS_ONLY = { ignored: 'kubox serves TLS only' }
const ALWAYS = { ignored: 'kubox always does' }

/** kube-apiserver's flags that kubox knows. */
export const APISERVER_FLAGS: FlagTable = {
  ...AUDIT_FLAGS,
  ...WEBHOOK_FLAGS,
  'advertise-address': 'text',
  'allow-privileged': ALWAYS,
  'anonymous-auth': 'boolean',
  'api-audiences': 'list',
  'authorization-policy-file': 'text',
  'bind-address': 'text',
  'client-ca-file': 'text',
  'default-not-ready-toleration-seconds': 'number',
  'default-unreachable-toleration-seconds': 'number',
  'disable-admission-plugins': 'list',
  'enable-admission-plugins': 'list',
  'enable-bootstrap-token-auth': ALWAYS,
  'encryption-provider-config': 'text',
  'encryption-provider-config-automatic-reload': 'boolean',
  'etcd-cafile': 'text',
  'etcd-certfile': 'text',
  'etcd-compaction-interval': 'duration',
  'etcd-keyfile': 'text',
  'etcd-servers': 'list',
  'event-ttl': 'duration',
  'insecure-port': TLS_ONLY,
  'kubelet-client-certificate': 'text',
  'kubelet-client-key': 'text',
  'kubelet-certificate-authority': 'text',
  'kubelet-preferred-address-types': { ignored: 'kubox uses the InternalIP that an agent measured' },
  'max-mutating-requests-inflight': 'number',
  'max-requests-inflight': 'number',
  'oidc-ca-file': 'text',
  'oidc-client-id': 'text',
  'oidc-groups-claim': 'text',
  'oidc-groups-prefix': 'text',
  'oidc-issuer-url': 'text',
  'oidc-required-claim': 'list',
  'oidc-signing-algs': 'list',
  'oidc-username-claim': 'text',
  'oidc-username-prefix': 'text',
  'proxy-client-cert-file': 'text',
  'proxy-client-key-file': 'text',
  'requestheader-allowed-names': 'list',
  'requestheader-client-ca-file': 'text',
  'requestheader-extra-headers-prefix': 'list',
  'requestheader-group-headers': 'list',
  'requestheader-username-headers': 'list',
  'secure-port': 'number',
  'service-account-issuer': 'text',
  'service-account-key-file': 'text',
  'service-account-signing-key-file': 'text',
  'service-cluster-ip-range': 'text',
  'service-node-port-range': 'text',
  'tls-cert-file': 'text',
  'tls-private-key-file': 'text',
  'token-auth-file': 'text',
}

/** How the API server listens, read from its flags; contents of the files, not their paths. */
export interface ListenOptions {
  host: string
  port: number
  certificate: string
  key: string
  clientAuthority: string
  requestHeaderAuthority?: string
}

type FlaggedOptions = Omit<ApiServerOptions, 'store' | 'clock' | 'random' | 'log' | 'kinds' | 'version'>

type Surroundings = Pick<ApiServerOptions, 'clock' | 'random' | 'log'>

export class ApiserverFlags {
  readonly #flags: FlagReader
  readonly #disk: Disk

  constructor(flags: FlagReader, disk: Disk) {
    this.#flags = flags
    this.#disk = disk
  }

  async listen(): Promise<ListenOptions> {
    return {
      host: this.#flags.text('bind-address') ?? '0.0.0.0',
      port: this.#flags.number('secure-port') ?? 6443,
      certificate: await this.#file('tls-cert-file'),
      key: await this.#file('tls-private-key-file'),
      clientAuthority: await this.#file('client-ca-file'),
      requestHeaderAuthority: await this.#optionalFile('requestheader-client-ca-file'),
    }
  }

  /** Client certificate and authority for a store elsewhere; undefined where it is reached without TLS. */
  async etcdTls(): Promise<{ ca?: string; cert?: string; key?: string } | undefined> {
    const [ca, cert, key] = await Promise.all(
      ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'].map(flag => this.#optionalFile(flag)),
    )
    return ca || cert ? { ca, cert, key } : undefined
  }

  /** The part of the server's options that flags decide. */
  async options({ random, clock, log }: Surroundings): Promise<FlaggedOptions> {
    const { host, port } = await this.listen()
    const authorization = await authorizers(this.#flags, this.#disk)
    const encryption = await this.#encryption(random)
    return {
      advertiseAddress: `${this.#flags.text('advertise-address') ?? host}:${port}`,
      serviceAccounts: await this.#serviceAccounts(),
      authentication: {
        anonymous: this.#flags.boolean('anonymous-auth'),
        requestHeader: this.#requestHeader(),
        staticTokens: await this.#optionalFile('token-auth-file'),
        oidc: await this.#oidc(),
        tokenWebhook: await tokenWebhook(this.#flags, this.#disk),
      },
      authorization: authorization.authorization,
      authorizationPolicy: await this.#optionalFile('authorization-policy-file'),
      authorizationWebhook: await authorizationWebhook(this.#flags, this.#disk),
      admission: {
        enable: this.#flags.list('enable-admission-plugins'),
        disable: this.#flags.list('disable-admission-plugins'),
        tolerationSeconds: {
          notReady: this.#flags.number('default-not-ready-toleration-seconds'),
          unreachable: this.#flags.number('default-unreachable-toleration-seconds'),
        },
      },
      serviceClusterIPRange: this.#flags.text('service-cluster-ip-range'),
      serviceNodePortRange: this.#nodePorts(),
      kubeletClient: await this.#kubeletClient(),
      eventTtlSeconds: seconds(this.#flags.duration('event-ttl')),
      compactionIntervalMs: this.#flags.duration('etcd-compaction-interval'),
      transformer: encryption.transformer,
      watchedFiles: [...(authorization.watchedFiles ?? []), ...(encryption.watchedFiles ?? [])],
      audit: await auditOptions(this.#flags, await this.#optionalFile('audit-policy-file'), {
        ...{ disk: this.#disk, clock, log },
      }),
      limits: this.#limits(),
      proxyClient: await this.#proxyClient(),
    }
  }

  async #oidc(): Promise<OidcOptions | undefined> {
    const [issuer, clientId] = [this.#flags.text('oidc-issuer-url'), this.#flags.text('oidc-client-id')]
    if (!issuer && !clientId) return undefined
    if (!issuer || !clientId) throw new UserError('--oidc-issuer-url and --oidc-client-id go together')
    return {
      issuer,
      clientId,
      usernameClaim: this.#flags.text('oidc-username-claim'),
      usernamePrefix: this.#flags.text('oidc-username-prefix'),
      groupsClaim: this.#flags.text('oidc-groups-claim'),
      groupsPrefix: this.#flags.text('oidc-groups-prefix'),
      requiredClaims: claims(this.#flags.list('oidc-required-claim')),
      signingAlgorithms: this.#flags.list('oidc-signing-algs'),
      ca: await this.#optionalFile('oidc-ca-file'),
    }
  }

  /** What the server shows to extension servers when it speaks to them for somebody. */
  async #proxyClient(): Promise<ApiServerOptions['proxyClient']> {
    const certificate = await this.#optionalFile('proxy-client-cert-file')
    const key = await this.#optionalFile('proxy-client-key-file')
    return certificate && key ? { certificate, key } : undefined
  }

  #limits(): ApiServerOptions['limits'] {
    const readOnly = this.#flags.number('max-requests-inflight')
    const mutating = this.#flags.number('max-mutating-requests-inflight')
    return { ...(readOnly === undefined ? {} : { readOnly }), ...(mutating === undefined ? {} : { mutating }) }
  }

  #requestHeader(): RequestHeaderOptions {
    const names = (flag: string) => this.#flags.list(flag)?.map(name => name.toLowerCase())
    return {
      usernameHeaders: names('requestheader-username-headers') ?? DEFAULT_REQUEST_HEADERS.usernameHeaders,
      groupHeaders: names('requestheader-group-headers') ?? DEFAULT_REQUEST_HEADERS.groupHeaders,
      extraHeaderPrefixes: names('requestheader-extra-headers-prefix') ?? DEFAULT_REQUEST_HEADERS.extraHeaderPrefixes,
      allowedNames: this.#flags.list('requestheader-allowed-names') ?? DEFAULT_REQUEST_HEADERS.allowedNames,
    }
  }

  async #encryption(random: Random): Promise<{ transformer?: Encryption; watchedFiles?: WatchedFile[] }> {
    const flag = 'encryption-provider-config'
    const text = await this.#optionalFile(flag)
    if (text === undefined) return {}
    const encryption = new Encryption(load(text), random)
    if (!this.#flags.boolean(`${flag}-automatic-reload`)) return { transformer: encryption }
    const read = () => this.#file(flag)
    const use = (again: string) => encryption.use(load(again))
    return { transformer: encryption, watchedFiles: [{ subject: 'encryption', text, read, use }] }
  }

  async #serviceAccounts(): Promise<ApiServerOptions['serviceAccounts']> {
    const signingKey = readPrivateKey(await this.#file('service-account-signing-key-file'))
    const verification = await this.#optionalFile('service-account-key-file')
    const verificationKeys: KeyObject[] = verification ? [readPublicKey(verification)] : [publicOf(signingKey)]
    const issuer = this.#flags.text('service-account-issuer') ?? 'https://kubernetes.default.svc.cluster.local'
    return { issuer, signingKey, verificationKeys, audiences: this.#flags.list('api-audiences') }
  }

  async #kubeletClient(): Promise<ApiServerOptions['kubeletClient']> {
    const ca = (await this.#optionalFile('kubelet-certificate-authority')) ?? (await this.#file('client-ca-file'))
    return {
      certificate: await this.#file('kubelet-client-certificate'),
      key: await this.#file('kubelet-client-key'),
      ca,
    }
  }

  #nodePorts(): { first: number; last: number } | undefined {
    const text = this.#flags.text('service-node-port-range')
    if (text === undefined) return undefined
    const match = /^(\d+)-(\d+)$/.exec(text)
    if (!match || Number(match[1]) > Number(match[2])) {
      throw new UserError(`--service-node-port-range=${text} must be FIRST-LAST, such as 30000-32767`)
    }
    return { first: Number(match[1]), last: Number(match[2]) }
  }

  async #file(flag: string): Promise<string> {
    const text = await this.#optionalFile(flag)
    if (text === undefined) throw new UserError(`kube-apiserver needs --${flag}`)
    return text
  }

  async #optionalFile(flag: string): Promise<string | undefined> {
    const path = this.#flags.text(flag)
    if (path === undefined) return undefined
    try {
      return Buffer.from(await this.#disk.read(path)).toString()
    } catch (cause) {
      throw new UserError(`--${flag}=${path} cannot be read: ${(cause as Error).message}`, undefined, { cause })
    }
  }
}

/** `name=value`, several of them. */
function claims(list: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    list.map(entry => {
      const at = entry.indexOf('=')
      if (at < 1) throw new UserError(`--oidc-required-claim=${entry} must be name=value`)
      return [entry.slice(0, at), entry.slice(at + 1)]
    }),
  )
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)
