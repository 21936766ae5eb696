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
const LISTED = [1000, ...(options.quick ? [] : [10_000]), ...(options.growth ? [100_000] : [])]
const WATCHERS = options.quick ? 200 : 1000
const MOST_IN_FLIGHT = 64

async function openLoad(target: Target): Promise<Load> {
  const [own, ...connections] = await Connection.openMany(target, MOST_IN_FLIGHT + 1)
  return { connections, usage: new ServerUsage(own!) }
}

async function prepare({ connections: [first] }: Load): Promise<void> {
  await first!.call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: NAMESPACE } } })
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`
  // A cluster with controllers makes it too.
  await first!.call({ method: 'POST', path, body: { metadata: { name: 'default' } } }).catch(error => {
    if (!String(error).includes(' 409 ')) throw error
  })
}

/** What the server takes to begin with; then every verb, lists beside more and more pods, and watchers. */
async function measure(report: Report, target: Target): Promise<void> {
  const load = await openLoad(target)
  try {
    await prepare(load)
    await measureVerbs(report, load, PACE)
    for (const [index, count] of LISTED.entries()) {
      await fill(load, LISTED[index - 1] ?? 0, count)
      await measureLists(report, load, count, PACE)
      await measureBeside(report, load, count, PACE)
    }
    const { p99, bytes } = await watchDelay(target, WATCHERS, 10)
    const detail = `${bytes.toFixed(0)} bytes to each`
    report.add({
      ...{ measure: `one change to ${WATCHERS} watchers, p99`, value: p99, unit: 'ms', detail },
      budget: { atMost: 100 },
    })
  } finally {
    for (const connection of load.connections) connection.close()
  }
}

async function onOwnServer(report: Report, folder: string): Promise<void> {
  // Once for nothing: what V8 makes of the program is kept, as a release has it.
  await (await OwnServer.start(folder)).stop()
  await rm(join(folder, 'data'), { recursive: true })
  const empty = await repeat(PACE.rounds - 1, () => startAndStop(folder))
  const first = await OwnServer.start(folder)
  leaveServersCore()
  try {
    report.add({
      measure: 'start to readyz, empty',
      value: [...empty, first.startMs],
      unit: 'ms',
      budget: { atMost: 700 },
    })
    const target = await readTarget(first.kubeconfig)
    const { megabytes } = await new ServerUsage(await Connection.open(target)).read()
    report.add({ measure: 'memory, empty', value: megabytes, unit: 'MB', budget: { atMost: 110 } })
    await measure(report, target)
  } finally {
    await first.stop()
  }
  const value = await repeat(PACE.rounds, () => startAndStop(folder))
  const budget = { atMost: LISTED.at(-1) === 100_000 ? Number.POSITIVE_INFINITY : 1500 }
  report.add({ measure: `start to readyz, ${LISTED.at(-1)} pods`, value, unit: 'ms', budget })
}

async function startAndStop(folder: string): Promise<number> {
  const server = await OwnServer.start(folder)
  await server.stop()
  return server.startMs
}

async function main(): Promise<boolean> {
  const report = new Report(`The API server at ${options.kubeconfig ?? 'its own store'}`)
  if (options.kubeconfig) {
    await measure(report, await readTarget(options.kubeconfig))
    return report.finish(options.json)
  }
  const folder = await mkdtemp(join(tmpdir(), 'kubox-bench-api-'))
  try {
    await onOwnServer(report, folder)
    return await report.finish(options.json)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = (await main()) ? 0 : 1
