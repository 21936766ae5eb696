/**
 * Real programs that kubox is tested against: kubectl and etcd of several ages, as Debian's suites have them, fetched once
 * into `.cache/peers` without touching the machine's own packages. Start here; debian.ts is the private apt, lock.ts
 * keeps two test processes from fetching at once. It imports platform/ only.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { debianSuite, indexTargets, unpackedPackages } from './debian.ts'

interface Age {
  suite: string
  kubectlPackage: string
  kubectl: string
  etcd: string
}

const AGES = [
  { suite: 'bookworm', kubectlPackage: 'kubernetes-client', kubectl: '1.20', etcd: '3.4' },
  { suite: 'trixie', kubectlPackage: 'kubectl', kubectl: '1.32', etcd: '3.5.16' },
  { suite: 'forky', kubectlPackage: 'kubectl', kubectl: '1.36', etcd: '3.5.30' },
] as const satisfies readonly Age[]

export type KubectlVersion = (typeof AGES)[number]['kubectl']
export type EtcdVersion = (typeof AGES)[number]['etcd']

const KUBECTL_VERSIONS: readonly KubectlVersion[] = AGES.map(age => age.kubectl)
export const ETCD_VERSIONS: readonly EtcdVersion[] = AGES.map(age => age.etcd)

export interface Kubectl {
  /** Major and minor, as in `1.32`. */
  version: string
  path: string
}

export interface EtcdPrograms {
  /** The whole version, as in `3.5.16`. */
  version: string
  etcd: string
  etcdctl: string
  /** Absent before 3.5, where etcdctl does its work. */
  etcdutl?: string
}

/** The path of a kubectl that runs on this machine. */
export async function kubectl(version: KubectlVersion): Promise<string> {
  const age = AGES.find(candidate => candidate.kubectl === version)!
  const path = join(await unpack(age, [age.kubectlPackage]), 'usr/bin/kubectl')
  const found = await kubectlVersionOf(path)
  if (found !== version) throw new Error(`${age.suite} has kubectl ${found} where ${version} was expected: ${path}`)
  return path
}

/** Debian's kubectls of all ages, oldest first. */
export async function kubectls(): Promise<Kubectl[]> {
  const found: Kubectl[] = []
  for (const version of KUBECTL_VERSIONS) found.push({ version, path: await kubectl(version) })
  return found
}

/** More ages that lie beside this machine's own kubectl (kubectl.1.27, ...); none on most machines. */
export async function extraKubectls(searchPath = process.env.PATH ?? ''): Promise<Kubectl[]> {
  const own = searchPath
    .split(delimiter)
    .map(folder => join(folder, 'kubectl'))
    .find(existsSync)
  if (!own) return []
  const folder = dirname(realpathSync(own))
  const paths = readdirSync(folder)
    .filter(name => /^kubectl\.\d+\.\d+$/.test(name))
    .map(name => join(folder, name))
  return Promise.all(paths.map(async path => ({ version: await kubectlVersionOf(path), path })))
}

/** A real etcd and its tools. */
export async function etcd(version: EtcdVersion): Promise<EtcdPrograms> {
  const age = AGES.find(candidate => candidate.etcd === version)!
  const folder = await unpack(age, ['etcd-server', 'etcd-client'])
  const path = join(folder, 'usr/bin/etcd')
  const said = await runChecked(systemProcesses, path, ['--version'])
  const found = /etcd Version: (\S+)/.exec(said)?.[1] ?? said
  if (!`${found}.`.startsWith(`${version}.`))
    throw new Error(`${age.suite} has etcd ${found} where ${version} was expected: ${path}`)
  const etcdutl = join(folder, 'usr/bin/etcdutl')
  return {
    version: found,
    etcd: path,
    etcdctl: join(folder, 'usr/bin/etcdctl'),
    ...(existsSync(etcdutl) ? { etcdutl } : {}),
  }
}

async function unpack(age: Age, packages: readonly string[]): Promise<string> {
  return unpackedPackages(debianSuite(age.suite, await indexTargets()), packages)
}

async function kubectlVersionOf(path: string): Promise<string> {
  const said = await runChecked(systemProcesses, path, ['version', '--client', '-o', 'json'])
  const { clientVersion } = JSON.parse(said) as { clientVersion: { gitVersion: string } }
  return /^v?(\d+\.\d+)/.exec(clientVersion.gitVersion)?.[1] ?? clientVersion.gitVersion
}
