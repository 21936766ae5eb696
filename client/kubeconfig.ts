import { dirname, resolve } from 'node:path'
import { dump, load } from 'js-yaml'
import { type Disk, readTextIfAny } from '../platform/disk.ts'
import type { Credentials } from './http.ts'

/** Who to speak to and as whom, read from a kubeconfig. */
export interface ClientConfig {
  server: string
  credentials: Credentials
  /** Of the context; undefined where it names none. */
  namespace?: string
  context: string
}

interface Cluster {
  server?: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
}

interface User {
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  token?: string
  tokenFile?: string
  exec?: unknown
  'auth-provider'?: unknown
}

interface Context {
  cluster?: string
  user?: string
  namespace?: string
}

export interface Kubeconfig {
  apiVersion: 'v1'
  kind: 'Config'
  clusters: { name: string; cluster: Cluster }[]
  users: { name: string; user: User }[]
  contexts: { name: string; context: Context }[]
  'current-context': string
}

/** Reads the file's current context, or the named one. Names in errors are those a person would look for. */
export async function readKubeconfig(disk: Disk, path: string, contextName?: string): Promise<ClientConfig> {
  const text = await readTextIfAny(disk, path)
  if (text === undefined) throw new Error(`there is no kubeconfig at ${path}`)
  const config = parseKubeconfig(text, path)
  const context = contextName || config['current-context']
  if (!context) throw new Error(`${path} has no current-context`)
  const { cluster: clusterName, user: userName, namespace } = find(config.contexts, context, 'context', path).context
  const { cluster } = find(config.clusters, clusterName, 'cluster', path)
  const user = userName ? find(config.users, userName, 'user', path).user : {}
  if (!cluster.server) throw new Error(`cluster ${clusterName} in ${path} has no server`)
  return { server: cluster.server, credentials: await credentialsOf(disk, path, cluster, user), namespace, context }
}

export function parseKubeconfig(text: string, path = 'the kubeconfig'): Kubeconfig {
  let parsed: unknown
  try {
    parsed = load(text)
  } catch (cause) {
    throw new Error(`${path} is not YAML: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`${path} holds no kubeconfig`)
  const { clusters, users, contexts, 'current-context': current } = parsed as Partial<Kubeconfig>
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: clusters ?? [],
    users: users ?? [],
    contexts: contexts ?? [],
    'current-context': current ?? '',
  }
}

/** The text of a kubeconfig with one cluster, one user and one context. */
export function renderKubeconfig(options: {
  cluster: string
  user: string
  server: string
  credentials: Credentials
}): string {
  const { cluster, user, server, credentials } = options
  const name = `${user}@${cluster}`
  const config: Kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { 'certificate-authority-data': base64(credentials.ca), server } }],
    contexts: [{ name, context: { cluster, user } }],
    'current-context': name,
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.key),
          token: credentials.token,
        },
      },
    ],
  }
  return dump(JSON.parse(JSON.stringify(config)), { lineWidth: -1 })
}

async function credentialsOf(disk: Disk, path: string, cluster: Cluster, user: User): Promise<Credentials> {
  if (user.exec || user['auth-provider']) {
    throw new Error(`${path} asks for a credential plugin; only certificates and tokens are supported here`)
  }
  const material = (data: string | undefined, file: string | undefined) => materialOf(disk, path, data, file)
  return {
    ca: await material(cluster['certificate-authority-data'], cluster['certificate-authority']),
    certificate: await material(user['client-certificate-data'], user['client-certificate']),
    key: await material(user['client-key-data'], user['client-key']),
    token: user.token ?? (await material(undefined, user.tokenFile))?.trim(),
    serverName: cluster['tls-server-name'],
    insecure: cluster['insecure-skip-tls-verify'],
  }
}

/** Data in the file itself wins over the name of a file, which is relative to the kubeconfig. */
async function materialOf(disk: Disk, path: string, data: string | undefined, file: string | undefined) {
  if (data) return Buffer.from(data, 'base64').toString()
  if (!file) return undefined
  const full = resolve(dirname(path), file)
  const text = await readTextIfAny(disk, full)
  if (text === undefined) throw new Error(`${path} names ${full}, which does not exist`)
  return text
}

function find<T extends { name: string }>(entries: T[], name: string | undefined, what: string, path: string): T {
  const entry = entries.find(candidate => candidate.name === name)
  if (!entry) throw new Error(`${path} has no ${what} named ${name}`)
  return entry
}

function base64(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString('base64')
}
