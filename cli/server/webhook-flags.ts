import { load } from 'js-yaml'
import { describeFieldError } from '../../api/validate/errors.ts'
import { parseAuthorizationConfig } from '../../apiserver/auth/authorization-config.ts'
import type { AuthWebhook } from '../../apiserver/auth/webhooks.ts'
import type { ApiServerOptions, AuthorizationMode } from '../../apiserver/options.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import type { Disk } from '../../platform/disk.ts'
import type { FlagReader, FlagTable } from '../flags.ts'
import { UserError } from '../output.ts'

/** kube-apiserver's flags about services that know users and rights. */
export const WEBHOOK_FLAGS: FlagTable = {
  'authorization-config': 'text',
  'authorization-mode': 'list',
  'authentication-token-webhook-cache-ttl': 'duration',
  'authentication-token-webhook-config-file': 'text',
  'authentication-token-webhook-version': 'text',
  'authorization-webhook-cache-authorized-ttl': 'duration',
  'authorization-webhook-cache-unauthorized-ttl': 'duration',
  'authorization-webhook-config-file': 'text',
  'authorization-webhook-version': 'text',
}

export async function tokenWebhook(flags: FlagReader, disk: Disk): Promise<AuthWebhook | undefined> {
  const webhook = await readWebhook('authentication-token-webhook', flags, disk)
  return webhook && { ...webhook, yesGoodMs: flags.duration('authentication-token-webhook-cache-ttl') }
}

export async function authorizationWebhook(flags: FlagReader, disk: Disk): Promise<AuthWebhook | undefined> {
  const webhook = await readWebhook('authorization-webhook', flags, disk)
  const yesGoodMs = flags.duration('authorization-webhook-cache-authorized-ttl')
  const noGoodMs = flags.duration('authorization-webhook-cache-unauthorized-ttl')
  return webhook && { ...webhook, yesGoodMs, noGoodMs }
}

/** Who is asked whether somebody may, in order: by a list of modes, or by a file that says more of each. */
export async function authorizers(
  flags: FlagReader,
  disk: Disk,
): Promise<Pick<ApiServerOptions, 'authorization' | 'watchedFiles'>> {
  const path = flags.text(CONFIG)
  if (path === undefined) return { authorization: flags.list('authorization-mode') as AuthorizationMode[] | undefined }
  const others = AUTHORIZATION_FLAGS.filter(flag => flags.text(flag) !== undefined)
  if (others.length > 0) throw new UserError(`--${CONFIG} cannot be used together with --${others.join(', --')}`)
  const read = async () => Buffer.from(await readable(path, () => disk.read(path))).toString()
  const parse = (text: string) => authorizersIn(text, path, disk)
  const text = await read()
  return {
    authorization: await parse(text),
    watchedFiles: [
      { subject: 'authorization', text, read, use: async (text, server) => server.useAuthorizers(await parse(text)) },
    ],
  }
}

async function authorizersIn(text: string, path: string, disk: Disk): Promise<(AuthorizationMode | AuthWebhook)[]> {
  const { authorizers, errors } = parseAuthorizationConfig(await readable(path, () => load(text)))
  if (errors.length > 0) throw new UserError(`--${CONFIG}=${path}: ${errors.map(describeFieldError).join('; ')}`)
  return Promise.all(
    authorizers.map(async one => {
      if (typeof one === 'string') return one
      const { kubeConfigFile, ...rest } = one
      return { ...(await serviceAt(`--${CONFIG}=${path}: ${kubeConfigFile}`, kubeConfigFile, disk)), ...rest }
    }),
  )
}

const CONFIG = 'authorization-config'
const AUTHORIZATION_FLAGS = [
  ...['authorization-mode', 'authorization-policy-file', 'authorization-webhook-config-file'],
  ...['authorization-webhook-version', 'authorization-webhook-cache-authorized-ttl'],
  'authorization-webhook-cache-unauthorized-ttl',
]

async function readable<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw new UserError(`--${CONFIG}=${path} cannot be read: ${(cause as Error).message}`, undefined, { cause })
  }
}

/** The file is a kubeconfig: its cluster is the service, its user is who we are to it. */
async function readWebhook(prefix: string, flags: FlagReader, disk: Disk): Promise<AuthWebhook | undefined> {
  const path = flags.text(`${prefix}-config-file`)
  if (path === undefined) return undefined
  const version = flags.text(`${prefix}-version`) ?? 'v1beta1'
  if (version !== 'v1' && version !== 'v1beta1')
    throw new UserError(`--${prefix}-version=${version} must be v1 or v1beta1`)
  return { ...(await serviceAt(`--${prefix}-config-file=${path}`, path, disk)), version }
}

export async function serviceAt(what: string, path: string, disk: Disk): Promise<AuthWebhook> {
  const { server, credentials } = await configOf(what, path, disk)
  const { ca, certificate, key, token, serverName, insecure } = credentials
  if (insecure) throw new UserError(`${what}: insecure-skip-tls-verify is not supported`)
  const caBundle = ca === undefined ? undefined : Buffer.from(ca.toString()).toString('base64')
  return { url: server, caBundle, clientCertificate: certificate, clientKey: key, serverName, token }
}

async function configOf(what: string, path: string, disk: Disk) {
  try {
    return await readKubeconfig(disk, path)
  } catch (cause) {
    throw new UserError(`${what}: ${(cause as Error).message}`, undefined, { cause })
  }
}
