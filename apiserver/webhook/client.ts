import type { Agent } from 'undici'
import type { Clock } from '../../platform/clock.ts'
import { type Random, randomBelow } from '../../platform/random.ts'
import type { Lister } from '../admission/lister.ts'
import { endpointsOf } from './endpoints.ts'

/** Where a webhook listens: an address outside, or a service of the cluster. */
export interface WebhookTarget {
  url?: string
  service?: { namespace: string; name: string; path?: string; port?: number }
  /** Base64 of the PEM that must have signed its certificate. */
  caBundle?: string
  /** PEM, shown to whoever listens there. */
  clientCertificate?: string
  clientKey?: string
  /** The name that its certificate must have, where that is not the URL's. */
  serverName?: string
  /** Shown as a bearer token. */
  token?: string
}

export interface WebhookSurroundings {
  lister: Lister
  clock: Clock
  random: Random
}

/** Could not be asked, or did not answer properly: the caller's failure policy decides what that means. */
export class WebhookError extends Error {
  override name = 'WebhookError'
}

/** Most servers never ask a webhook: they start without the library. */
const undici = () => import('undici')

const LONGEST_ANSWER = 3 << 20

/** Asks webhooks: JSON there, JSON back, over TLS that must be vouched for. */
export class WebhookClient {
  readonly #around: WebhookSurroundings
  readonly #agents = new Map<string, Agent>()

  constructor(around: WebhookSurroundings) {
    this.#around = around
  }

  async ask(target: WebhookTarget, body: unknown, timeoutMs: number): Promise<unknown> {
    return parseAnswer(await this.post(target, JSON.stringify(body), timeoutMs))
  }

  /** The text of the answer, whatever it is, where the answer says that all is well. */
  async post(target: WebhookTarget, body: string, timeoutMs: number): Promise<string> {
    const { url, serverName } = this.#locate(target)
    const patience = new AbortController()
    const timer = this.#around.clock.after(timeoutMs, () =>
      patience.abort(new WebhookError('context deadline exceeded')),
    )
    try {
      const { request } = await undici()
      const response = await request(url, {
        method: 'POST',
        headers: headersFor(target),
        body,
        dispatcher: await this.#agent(target, serverName),
        signal: patience.signal,
      })
      const text = await readLimited(response.body)
      if (response.statusCode >= 300)
        throw new WebhookError(`the server answered ${response.statusCode}: ${text.slice(0, 200)}`)
      return text
    } catch (error) {
      if (error instanceof WebhookError) throw error
      throw new WebhookError(error instanceof Error ? error.message : String(error), { cause: error })
    } finally {
      timer.cancel()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(agent => agent.destroy()))
  }

  /** One pool of connections for each authority, name and identity. */
  async #agent(target: WebhookTarget, servername: string | undefined): Promise<Agent> {
    const { caBundle, clientCertificate: cert, clientKey: key } = target
    const { Agent } = await undici()
    const pool = `${servername} ${caBundle} ${cert}`
    const known = this.#agents.get(pool)
    if (known) return known
    const ca = caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined
    const agent = new Agent({ connect: { ca, servername, cert, key }, connections: 8 })
    this.#agents.set(pool, agent)
    return agent
  }

  /** Services are reached at one of their pods: the machine of the server need not have the service network. */
  #locate({ url, service, serverName }: WebhookTarget): { url: string; serverName?: string } {
    if (url) return { url, serverName }
    if (!service) throw new WebhookError('neither a URL nor a service is named')
    const { namespace, name, path = '/', port = 443 } = service
    const end = this.#endpoint(namespace, name, port)
    const host = end.host.includes(':') ? `[${end.host}]` : end.host
    const rest = path.startsWith('/') ? path : `/${path}`
    return { url: `https://${host}:${end.port}${rest}`, serverName: `${name}.${namespace}.svc` }
  }

  #endpoint(namespace: string, name: string, port: number): { host: string; port: number } {
    const { lister, random } = this.#around
    const ends = endpointsOf(lister, namespace, name, port)
    if (ends.length === 0) throw new WebhookError(`no endpoints available for service "${name}"`)
    return ends[randomBelow(random, ends.length)]!
  }
}

function headersFor({ token }: WebhookTarget): Record<string, string> {
  const json = { 'content-type': 'application/json', accept: 'application/json' }
  return token ? { ...json, authorization: `Bearer ${token}` } : json
}

async function readLimited(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > LONGEST_ANSWER) throw new WebhookError('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WebhookError('the answer is not JSON', { cause: error })
  }
}
