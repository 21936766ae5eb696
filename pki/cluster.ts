import { X509Certificate } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import { type Disk, readTextIfAny, writeFileAtomic } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { Authority, createAuthority, type IssueRequest, type KeyPair } from './authority.ts'
import { isDueForRenewal } from './certificate.ts'
import { generateKey, privateKeyPem, publicKeyPem, readPrivateKey } from './keys.ts'

/** Names and addresses by which a master is reached. */
export interface MasterIdentity {
  nodeName: string
  /** First the one that is announced. */
  addresses: readonly string[]
  extraNames: readonly string[]
  /** First address of the service range: `kubernetes.default.svc`. */
  serviceAddress: string
  dnsDomain: string
}

/** The authorities and the certificates that the control plane of one master uses. */
export interface ClusterPki {
  authority: Authority
  etcdAuthority: Authority
  frontProxyAuthority: Authority
  apiserver: KeyPair
  apiserverKubeletClient: KeyPair
  apiserverEtcdClient: KeyPair
  frontProxyClient: KeyPair
  etcdServer: KeyPair
  etcdPeer: KeyPair
  /** Signs service-account tokens. */
  serviceAccountKey: string
}

/**
 * Reads the files of a master under `directory` (/etc/kubernetes/pki), with kubeadm's names, and makes what is missing,
 * past most of its life, or for other names than the master now has. Authorities are made once and then kept for good.
 */
export async function ensureClusterPki(
  directory: string,
  master: MasterIdentity,
  { disk, clock, random }: { disk: Disk; clock: Clock; random: Random },
): Promise<ClusterPki> {
  const files = new PairFiles(directory, disk, clock)
  const authorityOf = async (path: string, name: string) => {
    const pair = (await files.read(path)) ?? (await files.write(path, createAuthority(name, clock, random)))
    return new Authority(pair, clock, random)
  }
  const authority = await authorityOf('ca', 'kubernetes')
  const etcdAuthority = await authorityOf('etcd/ca', 'etcd-ca')
  const frontProxyAuthority = await authorityOf('front-proxy-ca', 'front-proxy-ca')
  return {
    authority,
    etcdAuthority,
    frontProxyAuthority,
    apiserver: await files.ensure('apiserver', authority, apiserverRequest(master)),
    apiserverKubeletClient: await files.ensure('apiserver-kubelet-client', authority, {
      // Agents let system:masters in without asking back: streams start a round trip sooner.
      subject: { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] },
      usage: 'client',
    }),
    apiserverEtcdClient: await files.ensure('apiserver-etcd-client', etcdAuthority, {
      subject: { commonName: 'kube-apiserver-etcd-client' },
      usage: 'client',
    }),
    frontProxyClient: await files.ensure('front-proxy-client', frontProxyAuthority, {
      subject: { commonName: 'front-proxy-client' },
      usage: 'client',
    }),
    etcdServer: await files.ensure('etcd/server', etcdAuthority, etcdRequest(master)),
    etcdPeer: await files.ensure('etcd/peer', etcdAuthority, etcdRequest(master)),
    serviceAccountKey: await ensureServiceAccountKey(directory, disk),
  }
}

function apiserverRequest(master: MasterIdentity): IssueRequest {
  const service = 'kubernetes.default'
  return {
    subject: { commonName: 'kube-apiserver' },
    usage: 'server',
    dnsNames: unique([
      master.nodeName,
      'kubernetes',
      service,
      `${service}.svc`,
      `${service}.svc.${master.dnsDomain}`,
      'localhost',
      ...master.extraNames,
    ]),
    ipAddresses: unique([master.serviceAddress, ...master.addresses, '127.0.0.1']),
  }
}

function etcdRequest(master: MasterIdentity): IssueRequest {
  return {
    subject: { commonName: master.nodeName },
    usage: 'server and client',
    dnsNames: [master.nodeName, 'localhost'],
    ipAddresses: unique([...master.addresses, '127.0.0.1', '::1']),
  }
}

const unique = (names: readonly string[]): string[] => [...new Set(names)]

async function ensureServiceAccountKey(directory: string, disk: Disk): Promise<string> {
  const existing = await readTextIfAny(disk, join(directory, 'sa.key'))
  if (existing) return existing
  const key = privateKeyPem(generateKey())
  await writeFileAtomic(disk, join(directory, 'sa.key'), key, 0o600)
  await writeFileAtomic(disk, join(directory, 'sa.pub'), publicKeyPem(readPrivateKey(key)))
  return key
}

/** Certificates and keys as pairs of files, `NAME.crt` and `NAME.key`. */
class PairFiles {
  readonly #directory: string
  readonly #disk: Disk
  readonly #clock: Clock

  constructor(directory: string, disk: Disk, clock: Clock) {
    this.#directory = directory
    this.#disk = disk
    this.#clock = clock
  }

  async read(name: string): Promise<KeyPair | undefined> {
    const path = join(this.#directory, name)
    const [certificate, key] = await Promise.all([
      readTextIfAny(this.#disk, `${path}.crt`),
      readTextIfAny(this.#disk, `${path}.key`),
    ])
    return certificate && key ? { certificate, key } : undefined
  }

  async write(name: string, pair: KeyPair): Promise<KeyPair> {
    const path = join(this.#directory, name)
    await this.#disk.makeDirectory(dirname(path))
    await writeFileAtomic(this.#disk, `${path}.key`, pair.key, 0o600)
    await writeFileAtomic(this.#disk, `${path}.crt`, pair.certificate)
    return pair
  }

  /** The pair on disk while it is good for what is asked, else a new one. */
  async ensure(name: string, authority: Authority, request: IssueRequest): Promise<KeyPair> {
    const pair = await this.read(name)
    if (pair && isStillGood(pair, authority, request, this.#clock.now())) return pair
    return this.write(name, authority.issue(request))
  }
}

/** Signed by this authority, with most of its life ahead, for at least the names asked for. */
function isStillGood(pair: KeyPair, authority: Authority, request: IssueRequest, now: number): boolean {
  const certificate = new X509Certificate(pair.certificate)
  if (!certificate.checkIssued(authority.certificate) || isDueForRenewal(certificate, now)) return false
  const hosts = (request.dnsNames ?? []).every(name => certificate.checkHost(name.toLowerCase(), { subject: 'never' }))
  return hosts && (request.ipAddresses ?? []).every(address => certificate.checkIP(address))
}
