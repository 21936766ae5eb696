/**
 * test/ proves the rest: run.ts runs the tiers, lab/ makes VMs, images/ makes container images, peers/ brings real
 * clients and servers, sim/ is the seeded simulation, contract/ holds suites that every implementation of an interface
 * passes, e2e/ is what users do, bench/ measures. It may import every room.
 *
 *     npm test                 every tier
 *     npm run test:fast        NAME.test.ts: no Docker, no network, no root, in seconds
 *                              (NAME.slow.test.ts needs no more than that, but its time: npm test runs it)
 *     npm run test:e2e         real Docker, kubectl, etcdctl; `npm run test:e2e -- lab join` only files that name these
 *                              (NAME.long.e2e.test.ts only by that name, or with KUBOX_LONG=1)
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const [tier = 'all', ...only] = process.argv.slice(2)

interface Tally {
  passed: number
  failed: number
}

interface Outcome extends Tally {
  /** By file; one that crashed may be missing. */
  files: Map<string, Tally>
}

/**
 * End-to-end files that start no container, or only VMs that have a Docker of their own: they run beside those that share
 * the machine's Docker, and take about as long.
 */
const BESIDE_DOCKER = new Set(
  [
    ...['control-plane-kill', 'etcd-cluster', 'etcd-kill', 'etcdctl', 'explain-crd', 'sim', 'store', 'streams'],
    ...['join', 'lab', 'node-loss.long'],
  ].map(name => `${name}.e2e.test.ts`),
)

const isEndToEnd = (file: string) => file.endsWith('.e2e.test.ts')
const isSlow = (file: string) => file.endsWith('.slow.test.ts')

function testFiles(): string[] {
  const found = globSync('**/*.test.ts', {
    cwd: root,
    exclude: path => /(^|\/)(node_modules|\.cache|build)$/.test(path),
  })
  return found.filter(isWanted).sort()
}

function isWanted(file: string): boolean {
  if (only.length > 0) return only.some(part => file.includes(part))
  return !file.endsWith('.long.e2e.test.ts') || process.env.KUBOX_LONG === '1'
}

interface Manner {
  /** How many files at a time, a process each; 'one process' loads what they share once, and costs a third of the time. */
  concurrency: number | 'one process'
  timeoutMs: number
}

/** Runs files with node's own runner and reads the count from its machine-readable report. */
async function runFiles(title: string, files: string[], { concurrency, timeoutMs }: Manner): Promise<Outcome> {
  if (files.length === 0) return { passed: 0, failed: 0, files: new Map() }
  const report = join(root, `.cache/test-report-${title.replaceAll(/[^a-z0-9-]/g, '')}.xml`)
  mkdirSync(join(root, '.cache'), { recursive: true })
  rmSync(report, { force: true })
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    // What a component that was killed on purpose left open must not hold the run. The results that a file has not handed
    // on by then are lost to the count, so only where components are killed.
    ...(files.some(isEndToEnd) ? ['--test-force-exit'] : []),
    concurrency === 'one process' ? '--test-isolation=none' : `--test-concurrency=${concurrency}`,
    `--test-timeout=${timeoutMs}`,
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    '--test-reporter=junit',
    `--test-reporter-destination=${report}`,
    ...files,
  ]
  const started = performance.now()
  const { code, said } = await run(process.execPath, args)
  const tally = readOutcome(report)
  // A crash outside of any test is a failure as well.
  if (code !== 0 && tally.failed === 0) tally.failed = 1
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  // Two lanes run at once: what a file said is printed whole, when it has ended.
  process.stdout.write(`${said}\n${title}: ${tally.passed} passed, ${tally.failed} failed in ${seconds} s\n`)
  return tally
}

/**
 * A test that spins cannot be timed out from within: its whole group of processes is ended. KUBOX_FILE_MINUTES is for the
 * long variants, such as KUBOX_KILLS=200.
 */
const LIMIT_MS = Number(process.env.KUBOX_FILE_MINUTES ?? 15) * 60_000
const groups = new Set<number>()

function endAll(): never {
  for (const group of groups) process.kill(-group, 'SIGKILL')
  process.exit(130)
}

function run(command: string, args: string[]): Promise<{ code: number; said: string }> {
  return new Promise(resolve => {
    // What was compiled once need not be again: a hundred files load the same modules.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache/compiled') }
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    groups.add(child.pid!)
    const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), LIMIT_MS)
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => said.push(text))
    }
    child.on('close', code => {
      clearTimeout(limit)
      groups.delete(child.pid!)
      resolve({ code: code ?? 1, said: said.join('') })
    })
  })
}

function readOutcome(report: string): Outcome {
  const text = existsSync(report) ? readFileSync(report, 'utf8') : ''
  const count = (name: string) => Number(new RegExp(`<!-- ${name} (\\d+) -->`).exec(text)?.[1] ?? 0)
  const files = new Map<string, Tally>()
  for (const [, path = '', failure] of text.matchAll(/<testcase [^>]*file="([^"]+)"( failure=)?/g)) {
    const file = relative(root, path)
    const { passed, failed } = files.get(file) ?? { passed: 0, failed: 0 }
    files.set(file, failure ? { passed, failed: failed + 1 } : { passed: passed + 1, failed })
  }
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), files }
}

const ALONE: Manner = { concurrency: 1, timeoutMs: 600_000 }

/** Runs the files one after the other; gives back the tallies of those that passed, and the files that did not. */
async function runLane(files: string[], total: Tally): Promise<string[]> {
  const failed: string[] = []
  for (const file of files) {
    const tally = await runFiles(titleOf(file), [file], ALONE)
    if (tally.failed > 0) failed.push(file)
    else add(total, tally)
  }
  return failed
}

const titleOf = (file: string) => basename(file, '.e2e.test.ts')

function add(total: Tally, tally: Tally): void {
  total.passed += tally.passed
  total.failed += tally.failed
}

/**
 * Real engines, kernels and clocks have bad moments that are not ours. What fails is run once more with nothing beside it,
 * and both are said: what fails twice is a fault, what fails once is a note to look into.
 */
async function runEndToEnd(files: string[], total: Tally): Promise<void> {
  const besides = files.filter(file => BESIDE_DOCKER.has(basename(file)))
  // One at a time: they share the machine's Docker.
  const onDocker = files.filter(file => !besides.includes(file))
  const failed = await Promise.all([runLane(onDocker, total), runLane(besides, total)])
  for (const file of failed.flat()) add(total, await runFiles(`${titleOf(file)}, second try`, [file], ALONE))
}

/** In the full run files that fail are tried once more, one at a time. */
async function runTwice(title: string, files: string[], manner: Manner, total: Tally): Promise<void> {
  const first = await runFiles(title, files, manner)
  if (first.failed === 0 || tier !== 'all') return add(total, first)
  const isFailed = (file: string) => (first.files.get(file)?.failed ?? 1) > 0
  const [failed, others] = [files.filter(isFailed), files.filter(file => !isFailed(file))]
  if (failed.length === 0) failed.push(...others.splice(0))
  for (const file of others) add(total, first.files.get(file) ?? { passed: 0, failed: 0 })
  add(total, await runFiles(`${title}, second try`, failed, { ...manner, concurrency: 1 }))
}

/** A process for each core, every so many files in it. */
async function runInShares(title: string, files: string[], total: Tally): Promise<void> {
  const shares = Array.from({ length: availableParallelism() }, (_, share) =>
    files.filter((_, index) => index % availableParallelism() === share),
  )
  const manner = { concurrency: 'one process', timeoutMs: 120_000 } as const
  const titles = shares.map((_, share) => `${title}, share ${share + 1} of ${shares.length}`)
  await Promise.all(shares.map((share, index) => runTwice(titles[index]!, share, manner, total)))
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, endAll)
  const files = testFiles()
  const total = { passed: 0, failed: 0 }
  const fast = files.filter(file => !isEndToEnd(file) && !isSlow(file))
  if (tier !== 'e2e') await runInShares('fast', fast, total)
  const slow = { concurrency: availableParallelism(), timeoutMs: 120_000 }
  if (tier === 'all') await runTwice('slow', files.filter(isSlow), slow, total)
  if (tier !== 'fast') await runEndToEnd(files.filter(isEndToEnd), total)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
}

await main()
