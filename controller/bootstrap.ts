import { createHmac } from 'node:crypto'
import type { ConfigMap, Secret } from '../api/types/core-v1.ts'
import { deepEqual } from '../api/values.ts'
import { unlessGone } from '../client/outcomes.ts'
import { CONFIG_MAPS, SECRETS } from '../client/resources.ts'
import { parseTime } from '../client/times.ts'
import { type Context, type Controller, createLoop, deleteExactly, together } from './context.ts'

const TOKEN_TYPE = 'bootstrap.kubernetes.io/token'
const CLUSTER_INFO = 'kube-public/cluster-info'
const SIGNATURE = 'jws-kubeconfig-'

export interface TokenFacts {
  id: string
  secret: string
  expiresAt: number | undefined
  signs: boolean
}

/** What a bootstrap token's Secret says; undefined for other Secrets. */
export function readToken({ type, data = {} }: Secret): TokenFacts | undefined {
  if (type !== TOKEN_TYPE) return undefined
  const text = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString()
  return {
    id: text('token-id'),
    secret: text('token-secret'),
    // An end that nobody can read has come: better a token too few than one for ever.
    expiresAt: text('expiration') === '' ? undefined : (parseTime(text('expiration')) ?? 0),
    signs: text('usage-bootstrap-signing') === 'true',
  }
}

/** A detached JWS: who knows the token can check that the kubeconfig comes from someone who knows it too. */
function signKubeconfig(kubeconfig: string, { id, secret }: Pick<TokenFacts, 'id' | 'secret'>): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64url')
  const header = base64(JSON.stringify({ alg: 'HS256', kid: id }))
  const signature = createHmac('sha256', secret)
    .update(`${header}.${base64(kubeconfig)}`)
    .digest('base64url')
  return `${header}..${signature}`
}

/** The data of cluster-info with the signatures of exactly these tokens. */
export function signedClusterInfo(
  data: Readonly<Record<string, string>>,
  tokens: readonly TokenFacts[],
): Record<string, string> {
  const { kubeconfig = '' } = data
  const rest = Object.entries(data).filter(([name]) => !name.startsWith(SIGNATURE))
  const signatures = tokens.map(token => [SIGNATURE + token.id, signKubeconfig(kubeconfig, token)])
  return Object.fromEntries([...rest, ...signatures])
}

/** Removes bootstrap tokens when they expire, and signs cluster-info with those that may sign. */
export function bootstrapController(context: Context): Controller {
  const { client, clock, informers } = context
  const secrets = informers.of<Secret>(SECRETS)
  const maps = informers.of<ConfigMap>(CONFIG_MAPS)
  const isToken = ({ type, metadata }: Secret) => type === TOKEN_TYPE && metadata?.namespace === 'kube-system'

  const cleaner = createLoop(context, 'token-cleaner', async key => {
    const secret = secrets.get(key)
    const expiresAt = secret && isToken(secret) ? readToken(secret)?.expiresAt : undefined
    if (!secret || expiresAt === undefined) return
    const left = expiresAt - clock.now()
    if (left <= 0) await deleteExactly(client.resource<Secret>(SECRETS), secret)
    // Far ends are looked at again in between: timers hold no more than 24 days, and clocks are set.
    else cleaner.queue.addAfter(key, Math.min(left, 3_600_000))
  })
  cleaner.watchRelated(secrets, secret => (isToken(secret) ? [`kube-system/${secret.metadata.name}`] : []))

  const signer = createLoop(context, 'bootstrap-signer', async () => {
    const info = maps.get(CLUSTER_INFO)
    if (!info?.data?.kubeconfig) return
    const tokens = secrets
      .list()
      .filter(isToken)
      .map(secret => readToken(secret)!)
      .filter(token => token.signs && (token.expiresAt === undefined || token.expiresAt > clock.now()))
    const data = signedClusterInfo(info.data, tokens)
    if (!deepEqual(data, info.data)) await unlessGone(client.resource<ConfigMap>(CONFIG_MAPS).update({ ...info, data }))
  })
  signer.watchRelated(secrets, secret => (isToken(secret) ? ['cluster-info'] : []))
  signer.watchRelated(maps, ({ metadata }) =>
    `${metadata.namespace}/${metadata.name}` === CLUSTER_INFO ? ['cluster-info'] : [],
  )
  return together(cleaner, signer)
}
