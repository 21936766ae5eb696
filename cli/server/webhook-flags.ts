import type { AuthWebhook } from '../../apiserver/auth/webhooks.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import type { Disk } from '../../platform/disk.ts'
import type { FlagReader, FlagTable } from '../flags.ts'
import { UserError } from '../output.ts'

/** kube-apiserver's flags about services that know users and rights. */
export const WEBHOOK_FLAGS: FlagTable = {
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

/** The file is a kubeconfig: its cluster is the service, its user is who we are to it. */
async function readWebhook(prefix: string, flags: FlagReader, disk: Disk): Promise<AuthWebhook | undefined> {
  const path = flags.text(`${prefix}-config-file`)
  if (path === undefined) return undefined
  const version = flags.text(`${prefix}-version`) ?? 'v1beta1'
  if (version !== 'v1' && version !== 'v1beta1')
    throw new UserError(`--${prefix}-version=${version} must be v1 or v1beta1`)
  const { server, credentials } = await configOf(prefix, path, disk)
  const { ca, certificate, key, token, serverName, insecure } = credentials
  if (insecure) throw new UserError(`--${prefix}-config-file=${path}: insecure-skip-tls-verify is not supported`)
  const caBundle = ca === undefined ? undefined : Buffer.from(ca.toString()).toString('base64')
  return { url: server, caBundle, clientCertificate: certificate, clientKey: key, serverName, token, version }
}

async function configOf(prefix: string, path: string, disk: Disk) {
  try {
    return await readKubeconfig(disk, path)
  } catch (cause) {
    throw new UserError(`--${prefix}-config-file: ${(cause as Error).message}`, undefined, { cause })
  }
}
