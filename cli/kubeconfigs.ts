import { dump } from 'js-yaml'
import type { Kubeconfig } from '../client/kubeconfig.ts'
import { type Disk, writeFileAtomic } from '../platform/disk.ts'

export interface KubeconfigRequest {
  server: string
  authorityPem: string
  cluster?: string
  user: string
  /** PEM, or a path where the file renews itself. */
  certificate: { pem: string } | { path: string }
  key: { pem: string } | { path: string }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** One cluster, one user, one context that joins them, as kubeadm writes its kubeconfigs. */
export function kubeconfigOf(request: KubeconfigRequest): Kubeconfig {
  const cluster = request.cluster ?? 'kubernetes'
  const context = `${request.user}@${cluster}`
  const { certificate, key } = request
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: { server: request.server, 'certificate-authority-data': base64(request.authorityPem) },
      },
    ],
    users: [
      {
        name: request.user,
        user: {
          ...('pem' in certificate
            ? { 'client-certificate-data': base64(certificate.pem) }
            : { 'client-certificate': certificate.path }),
          ...('pem' in key ? { 'client-key-data': base64(key.pem) } : { 'client-key': key.path }),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster, user: request.user } }],
    'current-context': context,
  }
}

export async function writeKubeconfig(disk: Disk, path: string, config: Kubeconfig): Promise<void> {
  await writeFileAtomic(disk, path, dump(config, { lineWidth: -1 }), 0o600)
}
