import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { withLock } from './lock.ts'

/** Everything that tests fetch or build once and keep: `.cache/` of the checkout. */
export const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url))

/** Where packages of one suite come from. */
export interface Suite {
  name: string
  uri: string
  components: string
  keyring: string
}

/** One package index of the machine's own apt configuration. */
export interface IndexTarget {
  uri: string
  origin: string
  release: string
}

const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const UBUNTU_KEYRING = '/usr/share/keyrings/ubuntu-archive-keyring.gpg'

const isMain = (target: IndexTarget) => !/security|updates|backports|proposed/.test(`${target.uri}${target.release}`)

/**
 * A Debian suite on the mirror that this machine uses anyway: the host is derived, never named here. A mirror of Ubuntu
 * often carries Debian beside it, so that is where an Ubuntu machine looks.
 */
export function debianSuite(name: string, targets: readonly IndexTarget[]): Suite {
  const from = (origin: string) => targets.find(candidate => candidate.origin === origin && isMain(candidate))
  const target = from('Debian') ?? from('Ubuntu')
  if (!target) throw new Error('apt knows no mirror of Debian or Ubuntu: run `apt-get update` first')
  const uri = target.uri.replace(/\/ubuntu\/?$/, '/debian/')
  return { name, uri, components: 'main', keyring: DEBIAN_KEYRING }
}

/** The suite that images and VMs are made of: bookworm where the machine is a Debian, else the machine's own Ubuntu. */
export function homeSuite(targets: readonly IndexTarget[]): Suite {
  const ubuntu = targets.find(target => target.origin === 'Ubuntu' && isMain(target))
  if (!ubuntu) return debianSuite('bookworm', targets)
  return { name: ubuntu.release, uri: ubuntu.uri, components: 'main universe', keyring: UBUNTU_KEYRING }
}

export async function indexTargets(): Promise<IndexTarget[]> {
  const format = '$(REPO_URI)\t$(ORIGIN)\t$(RELEASE)'
  const said = await runChecked(systemProcesses, 'apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ])
  return said
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [uri = '', origin = '', release = ''] = line.split('\t')
      return { uri, origin, release }
    })
}

/**
 * Packages of a suite, unpacked into one folder of the cache and fetched only once. With `dependencies` everything they
 * need comes along, as onto an empty machine; no package script ever runs and the machine's own packages stay as they are.
 */
export async function unpackedPackages(
  suite: Suite,
  names: readonly string[],
  options: { dependencies?: boolean } = {},
): Promise<string> {
  const contents = createHash('sha256')
    .update(`${names.join(' ')} ${options.dependencies}`)
    .digest('hex')
    .slice(0, 8)
  const folder = join(CACHE, 'peers', suite.name, `${names[0]}-${contents}`)
  if (existsSync(folder)) return folder
  const keyring = await ensureKeyring(suite)
  return withLock(`${CACHE}peers`, async () => {
    if (existsSync(folder)) return folder
    const config = await privateApt({ ...suite, keyring })
    const archives = await fetchArchives(config, suite, names, options.dependencies ?? false)
    const aside = `${folder}.partial`
    await fs.rm(aside, { recursive: true, force: true })
    await fs.mkdir(aside, { recursive: true })
    for (const archive of archives) await runChecked(systemProcesses, 'dpkg', ['-x', archive, aside])
    await fs.rename(aside, folder)
    return folder
  })
}

/** The keys that a suite is signed with. Ubuntu has Debian's as a package, which need not be installed to be used. */
async function ensureKeyring(suite: Suite): Promise<string> {
  if (existsSync(suite.keyring)) return suite.keyring
  const home = homeSuite(await indexTargets())
  if (home.keyring === suite.keyring) {
    throw new Error(`packages of ${suite.name} cannot be verified: this machine has no ${suite.keyring}`)
  }
  return join(await unpackedPackages(home, ['debian-archive-keyring']), suite.keyring)
}

/** An apt of our own: sources, lists, cache and installed state apart; proxies and the like stay the machine's. */
async function privateApt(suite: Suite): Promise<string> {
  const home = join(CACHE, 'peers', 'apt', suite.name)
  const config = join(home, 'apt.conf')
  await fs.mkdir(join(home, 'lists/partial'), { recursive: true })
  await fs.mkdir(join(home, 'archives/partial'), { recursive: true })
  await fs.writeFile(join(home, 'status'), '')
  await fs.writeFile(
    join(home, 'sources.list'),
    `deb [signed-by=${suite.keyring}] ${suite.uri} ${suite.name} ${suite.components}\n`,
  )
  await fs.writeFile(config, aptConfiguration(home))
  const lists = await fs.readdir(join(home, 'lists'))
  if (!lists.some(name => name.includes('Packages'))) await updateLists(config, suite)
  return config
}

function aptConfiguration(home: string): string {
  return `#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets::deb::DEP-11;
Dir::Etc::sourcelist "${home}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "${home}/lists";
Dir::State::status "${home}/status";
Dir::Cache "${home}";
Dir::Cache::archives "${home}/archives";
APT::Sandbox::User "root";
APT::Install-Recommends "0";
Acquire::Languages "none";
Acquire::Retries "3";
`
}

async function updateLists(config: string, suite: Suite): Promise<void> {
  const result = await systemProcesses.run('apt-get', ['-c', config, '-o', 'APT::Update::Error-Mode=any', 'update'])
  if (result.code === 0) return
  const why = result.stderr.trim() || result.stdout.trim()
  throw new Error(
    `the package lists of ${suite.name} cannot be fetched from the mirror that this machine's apt uses:\n${why}`,
  )
}

async function fetchArchives(
  config: string,
  suite: Suite,
  names: readonly string[],
  dependencies: boolean,
): Promise<string[]> {
  const folder = join(config, '../fetch')
  await fs.rm(folder, { recursive: true, force: true })
  await fs.mkdir(join(folder, 'partial'), { recursive: true })
  const fetch = dependencies
    ? ['install', '--yes', '--download-only', '-o', `Dir::Cache::archives=${folder}`, ...names]
    : ['download', ...names]
  // Lists age: when they name archives that the mirror has replaced since, fresh ones help.
  const first = await systemProcesses.run('apt-get', ['-q', '-c', config, ...fetch], { cwd: folder })
  if (first.code !== 0) {
    await updateLists(config, suite)
    await runChecked(systemProcesses, 'apt-get', ['-q', '-c', config, ...fetch], { cwd: folder })
  }
  return (await fs.readdir(folder)).filter(name => name.endsWith('.deb')).map(name => join(folder, name))
}
