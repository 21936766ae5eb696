/**
 * test/ proves the rest: run.ts runs the tiers, lab/ makes VMs, images/ makes container images, peers/ brings real
 * clients and servers, sim/ is the seeded simulation, contract/ holds suites that every implementation of an interface
 * passes, e2e/ is what users do, bench/ measures. It may import every room.
 *
 *     npm test                 every tier
 *     npm run test:fast        NAME.test.ts: no Docker, no network, no root, in seconds
 *                              (NAME.slow.test.ts needs no more than that, but its time: npm test runs it)
 *     npm run test:e2e         real Docker, kubectl, etcdctl; `npm run test:e2e -- lab join` only files that name these
 */
import { spawn } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const [tier = 'all', ...only] = process.argv.slice(2)

interface Tally {
  passed: number
  failed: number
}

const isEndToEnd = (file: string) => file.endsWith('.e2e.test.ts')
const isSlow = (file: string) => file.endsWith('.slow.test.ts')

function testFiles(): string[] {
  const found = globSync('**/*.test.ts', {
    cwd: root,
    exclude: path => /(^|\/)(node_modules|\.cache|build)$/.test(path),
  })
  return found.filter(file => only.length === 0 || only.some(part => file.includes(part))).sort()
}

/** Runs files with node's own runner and reads the count from its machine-readable report. */
async function runFiles(title: string, files: string[], concurrency: number, timeoutMs: number): Promise<Tally> {
  if (files.length === 0) return { passed: 0, failed: 0 }
  const report = join(root, '.cache/test-report.xml')
  mkdirSync(join(root, '.cache'), { recursive: true })
  rmSync(report, { force: true })
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${timeoutMs}`,
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    '--test-reporter=junit',
    `--test-reporter-destination=${report}`,
    ...files,
  ]
  const started = performance.now()
  const code = await run(process.execPath, args)
  const tally = readTally(report)
  // A crash outside of any test is a failure as well.
  if (code !== 0 && tally.failed === 0) tally.failed = 1
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`\n${title}: ${tally.passed} passed, ${tally.failed} failed in ${seconds} s`)
  return tally
}

function run(command: string, args: string[]): Promise<number> {
  return new Promise(resolve => {
    // What was compiled once need not be again: a hundred files load the same modules.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache/compiled') }
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('exit', code => resolve(code ?? 1))
  })
}

function readTally(report: string): Tally {
  const text = readFileSync(report, 'utf8')
  const count = (name: string) => Number(new RegExp(`<!-- ${name} (\\d+) -->`).exec(text)?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail') + count('cancelled') }
}

/**
 * Real engines, kernels and clocks have bad moments that are not ours. What fails is run once more, and both are said: what
 * fails twice is a fault, what fails once is a note to look into.
 */
async function runTwiceIfNeeded(
  title: string,
  files: string[],
  concurrency: number,
  timeoutMs: number,
): Promise<Tally> {
  const first = await runFiles(title, files, concurrency, timeoutMs)
  if (first.failed === 0) return first
  console.log(`${title}: failed at the first try, running it again`)
  return runFiles(`${title}, second try`, files, concurrency, timeoutMs)
}

async function main(): Promise<void> {
  const files = testFiles()
  const total = { passed: 0, failed: 0 }
  const add = (tally: Tally) => {
    total.passed += tally.passed
    total.failed += tally.failed
  }
  if (tier !== 'e2e') {
    const fast = files.filter(file => !isEndToEnd(file) && !isSlow(file))
    add(await runFiles('fast', fast, availableParallelism() + 1, 60_000))
  }
  if (tier === 'all') add(await runTwiceIfNeeded('slow', files.filter(isSlow), availableParallelism(), 120_000))
  if (tier !== 'fast') {
    // One at a time: they share the machine's Docker, and what they time would lie if others ran beside them.
    for (const file of files.filter(isEndToEnd)) {
      add(await runTwiceIfNeeded(basename(file, '.e2e.test.ts'), [file], 1, 600_000))
    }
  }
  console.log(`${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
}

await main()
