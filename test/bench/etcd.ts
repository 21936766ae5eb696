import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { systemProcesses } from '../../platform/processes.ts'
import { EtcdProcess } from '../etcd/servers.ts'
import { etcd } from '../peers/index.ts'
import { releasedKubox } from '../support/release.ts'
import { inProcessPuts } from './etcd/in-process.ts'
import { leaderLoss } from './etcd/leader-loss.ts'
import { fill, putsPerSecond, readsPerSecond } from './etcd/throughput.ts'
import { watchDelay } from './etcd/watchers.ts'
import { Report, repeat } from './report.ts'

// `npm run bench:etcd`: the store beside Debian's etcd-server on the same disk, with the same client, in one run, as the
// release executable that users run.
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
})
const SECONDS = options.quick ? 1 : 4
const ROUNDS = options.quick ? 1 : 3

type Measure = (server: EtcdProcess) => Promise<number>

const KUBOX = [await releasedKubox(), 'etcd']

interface Pair {
  kubox: EtcdProcess
  peer: EtcdProcess
}

async function withPair<T>(real: string, use: (pair: Pair) => Promise<T>): Promise<T> {
  const [kubox, peer] = await Promise.all([KUBOX, [real]].map(command => EtcdProcess.start({ command })))
  try {
    return await use({ kubox: kubox!, peer: peer! })
  } finally {
    await Promise.all([kubox!.stop(), peer!.stop()])
  }
}

/** Turn about: neither takes the other's processor, and what else the machine does falls on both alike. */
async function onBoth({ kubox, peer }: Pair, measure: Measure, rounds = ROUNDS) {
  const found = await repeat(rounds, async () => [await measure(kubox), await measure(peer)] as const)
  return { value: found.map(([ours]) => ours), peer: found.map(([, theirs]) => theirs) }
}

async function memoryOf(server: EtcdProcess): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024
}

/** Starts again with what was written before; seconds until it serves. */
async function bootTime(server: EtcdProcess): Promise<number> {
  await server.kill()
  const started = performance.now()
  await server.restart()
  await server.ready()
  return (performance.now() - started) / 1000
}

async function checkPerf(
  etcdctl: string,
  server: EtcdProcess,
  load: string,
): Promise<{ pass: boolean; throughput: number }> {
  const env = { ETCDCTL_API: '3' }
  const args = ['--endpoints', server.endpoint, '--command-timeout', '90s', 'check', 'perf', `--load=${load}`]
  const { stdout } = await systemProcesses.run(etcdctl, args, { env, timeoutMs: 120_000 })
  const throughput = Number(/[Tt]hroughput(?: too low)?(?: is|:) (\d+)/.exec(stdout)?.[1] ?? 0)
  return { pass: /^PASS$/m.test(stdout), throughput }
}

async function main(): Promise<void> {
  const { etcd: real, etcdctl, version } = await etcd('3.4')
  const report = new Report(`kubox etcd beside etcd-server ${version}${options.quick ? ', quick' : ''}`)
  await withPair(real, pair => speedRows(report, pair))
  if (options.quick) await withPair(real, pair => memoryRow(report, pair))
  else await checkPerfRows(report, real, etcdctl)
  await bootRow(report)
  const value = await repeat(ROUNDS, () => leaderLoss(KUBOX))
  const measure = 'leader of three lost: writes accepted again'
  report.add({ measure, unit: 's', value, budget: { atMost: 1.5 } })
  if (!(await report.finish(options.json))) process.exitCode = 1
}

async function speedRows(report: Report, pair: Pair): Promise<void> {
  // A store runs for months: how it begins, before anything of it is compiled, is not what is asked for.
  await onBoth(pair, server => putsPerSecond(server.endpoint, 64, options.quick ? 1 : 5), 1)
  for (const [clients, atLeast] of [
    [1, 1],
    [64, 1.5],
    [256, 1.5],
  ] as const) {
    const both = await onBoth(pair, server => putsPerSecond(server.endpoint, clients, SECONDS))
    report.add({ measure: `puts/s, ${clients} clients over gRPC`, unit: '/s', ...both, budget: { atLeast } })
    if (clients !== 64) continue
    const value = await repeat(ROUNDS, () => inProcessPuts(clients, SECONDS))
    const budget = { atLeast: 5 }
    report.add({ measure: 'in-process puts/s, 64 in flight (peer: gRPC)', unit: '/s', value, peer: both.peer, budget })
  }
  for (const serializable of [false, true]) {
    const both = await onBoth(pair, server => readsPerSecond(server.endpoint, 64, SECONDS, serializable))
    const measure = `${serializable ? 'serializable' : 'linearizable'} reads/s, 64 clients`
    report.add({ measure, unit: '/s', ...both, budget: { atLeast: 1 } })
  }
  const delay = await onBoth(pair, server => watchDelay(server.endpoint, 1000, 100, SECONDS))
  report.add({ measure: 'watch: 1,000 watchers, delay p99', unit: 'ms', ...delay, budget: { atMost: 1 } })
}

/** In place of `check perf`, which takes a minute a time. */
async function memoryRow(report: Report, pair: Pair): Promise<void> {
  const filled = async (server: EtcdProcess) => {
    await fill(server.endpoint, 'quick/', 20_000, 1024)
    return memoryOf(server)
  }
  const memory = await onBoth(pair, filled, 1)
  report.add({ measure: 'memory after 20,000 puts of 1 KB', unit: 'MB', ...memory, budget: { atMost: 0.5 } })
}

async function checkPerfRows(report: Report, real: string, etcdctl: string): Promise<void> {
  const passed: boolean[] = []
  const memory = await withPair(real, pair =>
    onBoth(
      pair,
      async server => {
        passed.push((await checkPerf(etcdctl, server, 'm')).pass)
        return memoryOf(server)
      },
      1,
    ),
  )
  report.add({ measure: 'check perf --load=m (1: PASS)', unit: '', value: Number(passed[0]), budget: { atLeast: 1 } })
  report.add({ measure: 'memory after check perf m', unit: 'MB', ...memory, budget: { atMost: 0.5 } })
  const large = await withPair(real, pair =>
    onBoth(pair, async server => (await checkPerf(etcdctl, server, 'l')).throughput, 1),
  )
  report.add({ measure: 'check perf --load=l, throughput', unit: '/s', ...large, budget: { atLeast: 1 } })
}

async function bootRow(report: Report): Promise<void> {
  const server = await EtcdProcess.start({ command: KUBOX })
  try {
    await fill(server.endpoint, 'boot/', 100_000, 1024)
    const value = await repeat(ROUNDS, () => bootTime(server))
    report.add({ measure: 'boot with 100,000 keys of 1 KB', unit: 's', value, budget: { atMost: 2 } })
  } finally {
    await server.stop()
  }
}

// What waits on timers alone must not end the program.
const alive = setInterval(() => {}, 1000)
await main().finally(() => clearInterval(alive))
