import type { ConfigMap, Namespace, Secret, ServiceAccount } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone, unlessThere } from '../../client/outcomes.ts'
import { CONFIG_MAPS, NAMESPACES, SECRETS, SERVICE_ACCOUNTS } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, deleteExactly, together } from '../context.ts'

/** Every namespace has the account that pods run as by default. */
export function serviceAccountController(context: Context): Controller {
  const { client, informers } = context
  const namespaces = informers.of<Namespace>(NAMESPACES)
  const accounts = informers.of<ServiceAccount>(SERVICE_ACCOUNTS)
  const loop = createLoop(context, 'serviceaccount-controller', async namespace => {
    if (!isAlive(namespaces.get(namespace)) || accounts.get(`${namespace}/default`)) return
    const account = { metadata: { name: 'default', namespace } }
    await unlessThere(client.resource<ServiceAccount>(SERVICE_ACCOUNTS).create(account))
  })
  loop.watch(namespaces)
  loop.watchRelated(accounts, ({ metadata }) => (metadata.name === 'default' ? [metadata.namespace] : []))
  return loop
}

const ROOT_CA = 'kube-root-ca.crt'
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Every namespace has the certificate of the authority that pods check the API server against. */
export function rootCaController(context: Context): Controller {
  const { client, informers, options } = context
  const { rootCa } = options
  if (!rootCa) return together()
  const namespaces = informers.of<Namespace>(NAMESPACES)
  const maps = informers.of<ConfigMap>(CONFIG_MAPS)
  const mapClient = client.resource<ConfigMap>(CONFIG_MAPS)
  const loop = createLoop(context, 'root-ca-certificate-publisher', async namespace => {
    if (!isAlive(namespaces.get(namespace))) return
    const known = maps.get(`${namespace}/${ROOT_CA}`)
    const data = { 'ca.crt': rootCa }
    const annotations = { 'kubernetes.io/description': DESCRIPTION }
    if (!known) await unlessThere(mapClient.create({ metadata: { name: ROOT_CA, namespace, annotations }, data }))
    else if (known.data?.['ca.crt'] !== rootCa || Object.keys(known.data).length > 1) {
      await unlessGone(mapClient.update({ ...known, data }))
    }
  })
  loop.watch(namespaces)
  loop.watchRelated(maps, ({ metadata }) => (metadata.name === ROOT_CA ? [metadata.namespace] : []))
  return loop
}

function isAlive(namespace: Live<Namespace> | undefined): boolean {
  return namespace !== undefined && !namespace.metadata.deletionTimestamp
}

const TOKEN_TYPE = 'kubernetes.io/service-account-token'
const ACCOUNT_NAME = 'kubernetes.io/service-account.name'
const ACCOUNT_UID = 'kubernetes.io/service-account.uid'
const TEN_YEARS_SECONDS = 10 * 365 * 86_400

/** Fills Secrets that ask for a long-lived token of an account, and removes those whose account is gone. */
export function accountTokenController(context: Context): Controller {
  const { client, informers, options } = context
  const secrets = informers.of<Secret>(SECRETS)
  const accounts = informers.of<ServiceAccount>(SERVICE_ACCOUNTS)
  const secretClient = client.resource<Secret>(SECRETS)
  const accountOf = (secret: Live<Secret>) => {
    const account = accounts.get(`${secret.metadata.namespace}/${secret.metadata.annotations?.[ACCOUNT_NAME]}`)
    const uid = secret.metadata.annotations?.[ACCOUNT_UID]
    return uid && account?.metadata.uid !== uid ? undefined : account
  }

  const loop = createLoop(context, 'tokens-controller', async key => {
    const secret = secrets.get(key)
    if (secret?.type !== TOKEN_TYPE) return
    const account = accountOf(secret)
    if (!account) return deleteExactly(secretClient, secret)
    if (secret.data?.token && secret.metadata.annotations?.[ACCOUNT_UID]) return
    const { namespace } = secret.metadata
    const token = await requestToken(account, secret)
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const data = { token: base64(token), namespace: base64(namespace), 'ca.crt': base64(options.rootCa ?? '') }
    const annotations = { ...secret.metadata.annotations, [ACCOUNT_UID]: account.metadata.uid }
    const metadata = { ...secret.metadata, annotations }
    await unlessGone(secretClient.update({ ...secret, metadata, data: { ...secret.data, ...data } }))
  })

  async function requestToken(account: Live<ServiceAccount>, secret: Live<Secret>): Promise<string> {
    const { name, namespace } = account.metadata
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: secret.metadata.name, uid: secret.metadata.uid }
    const spec = { audiences: [], expirationSeconds: TEN_YEARS_SECONDS, boundObjectRef }
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }
    const answer = await client
      .resource<ServiceAccount>(SERVICE_ACCOUNTS)
      .createSubresource<object, { status: { token: string } }>(name, 'token', body, namespace)
    return answer.status.token
  }

  loop.watch(secrets)
  loop.watchRelated(accounts, account =>
    secrets
      .list()
      .filter(secret => secret.type === TOKEN_TYPE && secret.metadata.namespace === account.metadata.namespace)
      .map(secret => `${secret.metadata.namespace}/${secret.metadata.name}`),
  )
  return loop
}
