import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Connection, readTarget, type Target } from './api/connection.ts'
import { fill, measureBeside, measureLists } from './api/lists.ts'
import { NAMESPACE } from './api/objects.ts'
import { leaveServersCore, OwnServer } from './api/own.ts'
import { type Load, ServerUsage } from './api/pace.ts'
import { measureVerbs } from './api/verbs.ts'
import { watchDelay } from './api/watchers.ts'
import { Report, repeat } from './report.ts'

/**
 * `npm run bench:api`: the API server under load. With `-- --kubeconfig FILE` the same load goes to any Kubernetes.
 * `--quick` is done within a minute; `--growth` goes on to 100,000 pods. Server and load are processes of their own, each
 * on its own core, and the processor time of both is told: so it shows when the load is the limit.
 */
const { values: options } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    quick: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const PACE = options.quick ? { seconds: 0.6, rounds: 1 } : { seconds: 2, rounds: 3 }
const LISTED = [1000, 10_000, ...(options.growth ? [100_000] : [])]
const WATCHERS = options.quick ? 200 : 1000
const MOST_IN_FLIGHT = 64
const SETTLE_MS = 5000
const UNBOUNDED = Number.POSITIVE_INFINITY

async function openLoad(target: Target): Promise<Load> {
  const [own, ...connections] = await Connection.openMany(target, MOST_IN_FLIGHT + 1)
  return { connections, usage: new ServerUsage(own!) }
}

/** A namespace, and the account that controllers make in it where there are some. */
async function prepare({ connections: [first] }: Load): Promise<void> {
  const ensure = (path: string, name: string) =>
    first!.call({ method: 'POST', path, body: { metadata: { name } } }).catch(error => {
      if (!String(error).includes(' 409 ')) throw error
    })
  await ensure('/api/v1/namespaces', NAMESPACE)
  await ensure(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, 'default')
}

/** Whatever `work` does, its connections are closed. */
async function withLoad(target: Target, work: (load: Load) => Promise<void>): Promise<void> {
  const load = await openLoad(target)
  try {
    await prepare(load)
    await work(load)
  } finally {
    for (const connection of load.connections) connection.close()
  }
}

/** Every verb, and one change to many watchers. */
async function measureTraffic(report: Report, target: Target): Promise<void> {
  await withLoad(target, load => measureVerbs(report, load, PACE))
  const { p99, bytes } = await watchDelay(target, WATCHERS, 10)
  report.add({
    ...{ measure: `one change to ${WATCHERS} watchers, p99`, value: p99, unit: 'ms' },
    ...{ detail: `${bytes.toFixed(0)} bytes to each`, budget: { atMost: 100 } },
  })
}

/** A server that somebody else runs: what was stored for one size stays for the next. */
async function onTheirServer(report: Report, target: Target): Promise<void> {
  await measureTraffic(report, target)
  await withLoad(target, async load => {
    for (const [index, count] of LISTED.entries()) {
      await fill(load, LISTED[index - 1] ?? 0, count)
      await measureBesidePods(report, load, count)
    }
  })
}

async function measureBesidePods(report: Report, load: Load, count: number): Promise<void> {
  await measureLists(report, load, count, PACE)
  await measureBeside(report, load, count, PACE)
}

async function onOwnServer(report: Report, server: OwnServer): Promise<void> {
  // Once for nothing: what V8 makes of the program is kept, as a release has it.
  await server.start()
  await server.empty()
  leaveServersCore()
  const value = await repeat(PACE.rounds, () => server.start())
  report.add({ measure: 'start to readyz, empty', value, unit: 'ms', budget: { atMost: 700 } })
  await addMemory(report, server, 'memory, empty', 110)
  await measureTraffic(report, await readTarget(server.kubeconfig))
  for (const count of LISTED) await measureFilled(report, server, count)
}

/** What a server needs that holds so many pods and nothing else, and what they cost those who ask for others. */
async function measureFilled(report: Report, server: OwnServer, count: number): Promise<void> {
  const goal = count === 10_000 ? { memory: 270, start: 1500 } : { memory: UNBOUNDED, start: UNBOUNDED }
  await server.empty()
  await server.start()
  await withLoad(await readTarget(server.kubeconfig), async load => void (await fill(load, 0, count)))
  await addMemory(report, server, `memory, ${count} pods made`, goal.memory)
  const value = await repeat(PACE.rounds, () => server.start())
  report.add({ measure: `start to readyz, ${count} pods`, value, unit: 'ms', budget: { atMost: goal.start } })
  await addMemory(report, server, `memory, started with ${count} pods`, goal.memory)
  await withLoad(await readTarget(server.kubeconfig), load => measureBesidePods(report, load, count))
}

/** What stays resident once nothing is asked of the server any more. */
async function addMemory(report: Report, server: OwnServer, measure: string, atMost: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  const connection = await Connection.open(await readTarget(server.kubeconfig))
  const { megabytes } = await new ServerUsage(connection).read()
  connection.close()
  report.add({ measure, value: megabytes, unit: 'MB', budget: { atMost } })
}

async function main(): Promise<boolean> {
  const report = new Report(`The API server at ${options.kubeconfig ?? 'its own store'}`)
  if (options.kubeconfig) {
    await onTheirServer(report, await readTarget(options.kubeconfig))
    return report.finish(options.json)
  }
  const folder = await mkdtemp(join(tmpdir(), 'kubox-bench-api-'))
  const server = new OwnServer(folder)
  try {
    await onOwnServer(report, server)
    return await report.finish(options.json)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = (await main()) ? 0 : 1
