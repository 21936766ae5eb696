import type { TokenRequest } from '../../api/types/authentication-v1.ts'
import type { ServiceAccountTokenProjection } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { SERVICE_ACCOUNTS } from '../../client/resources.ts'
import type { Clock } from '../../platform/clock.ts'
import type { LivePod } from '../pod/pod.ts'

interface Issued {
  token: string
  renewAt: number
}

const DEFAULT_SECONDS = 3600
const LONGEST_WITHOUT_RENEWAL_MS = 24 * 3600 * 1000

/** Service account tokens bound to their pods, asked for when needed and renewed when four fifths of their time are up. */
export class Tokens {
  readonly #client: Client
  readonly #clock: Clock
  readonly #issued = new Map<string, Issued>()

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  async get(pod: LivePod, projection: ServiceAccountTokenProjection): Promise<string> {
    const key = `${pod.metadata.uid}/${projection.audience ?? ''}/${projection.expirationSeconds ?? ''}`
    const known = this.#issued.get(key)
    if (known && this.#clock.monotonic() < known.renewAt) return known.token
    const issued = await this.#ask(pod, projection)
    this.#issued.set(key, issued)
    return issued.token
  }

  forget(uid: string): void {
    for (const key of this.#issued.keys()) if (key.startsWith(`${uid}/`)) this.#issued.delete(key)
  }

  async #ask(pod: LivePod, { audience, expirationSeconds }: ServiceAccountTokenProjection): Promise<Issued> {
    const { name, uid, namespace } = pod.metadata
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds: expirationSeconds ?? DEFAULT_SECONDS,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    }
    const account = pod.spec.serviceAccountName ?? 'default'
    const accounts = this.#client.resource(SERVICE_ACCOUNTS)
    const { status } = await accounts.createSubresource<TokenRequest, TokenRequest>(
      account,
      'token',
      request,
      namespace,
    )
    if (!status?.token) throw new Error(`the API server gave no token for service account ${namespace}/${account}`)
    const lifeMs = Date.parse(status.expirationTimestamp ?? '') - this.#clock.now()
    const renewMs = Math.min((lifeMs || 0) * 0.8, LONGEST_WITHOUT_RENEWAL_MS)
    return { token: status.token, renewAt: this.#clock.monotonic() + renewMs }
  }
}
