import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { firstMatch } from '../support/children.ts'
import { LoadClient, pace } from './api/client.ts'
import { configMap, MAPS, NAMESPACE, PODS, pod } from './api/objects.ts'
import { watchDelay } from './api/watchers.ts'
import { Report } from './report.ts'

// `npm run bench:api`: the API server under load. With `-- --kubeconfig FILE` the same load goes to any Kubernetes.
const { values: options } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const SECONDS = options.quick ? 2 : 8
const LISTED = options.quick ? [1000] : [1000, 10_000]
const WATCHERS = options.quick ? 200 : 1000
const MERGE = 'application/merge-patch+json'

interface Own {
  child: ChildProcess
  folder: string
  kubeconfig: string
  data: string
  startMs: number
}

async function startOwn(folder: string): Promise<Own> {
  const [kubeconfig, data] = [join(folder, 'kubeconfig'), join(folder, 'data')]
  const program = fileURLToPath(new URL('./api-server.ts', import.meta.url))
  const child = spawn(process.execPath, [program, kubeconfig, data], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await firstMatch(child, /ready \d+/)
  return { child, folder, kubeconfig, data, startMs: Number(/ready (\d+)/.exec(said)![1]) }
}

async function stopOwn({ child }: Own): Promise<void> {
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

async function megabytes({ child }: Own): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024
}

/** create, get, update, patch and delete of ConfigMaps, with 1, 16 and 64 in flight. */
async function verbs(report: Report, client: LoadClient): Promise<void> {
  for (const inFlight of [1, 16, 64]) {
    const names: string[] = []
    const prefix = `v${inFlight}-${process.pid}`
    const created = await pace(inFlight, SECONDS, async turn => {
      await client.call('POST', MAPS, configMap(`${prefix}-${turn}`))
      names.push(`${prefix}-${turn}`)
    })
    const target = (turn: number) => `${MAPS}/${names[turn % names.length]}`
    const read = await pace(inFlight, SECONDS, turn => client.call('GET', target(turn)))
    const updated = await pace(inFlight, SECONDS, turn => {
      const body = configMap(names[turn % names.length]!)
      return client.call('PUT', target(turn), { ...body, data: { ...body.data, turn: String(turn) } })
    })
    const patched = await pace(inFlight, SECONDS, turn => {
      return client.call('PATCH', target(turn), { data: { patched: `${turn} ${inFlight}` } }, MERGE)
    })
    const started = performance.now()
    await Promise.all(
      chunks(names, inFlight).map(async part => {
        for (const name of part) await client.call('DELETE', `${MAPS}/${name}`)
      }),
    )
    const deleted = names.length / ((performance.now() - started) / 1000)
    const floor = (value: number) => ({ atLeast: inFlight === 64 ? value : 0 })
    const flight = `${inFlight} in flight`
    report.add({ measure: `create, ${flight}`, value: created.perSecond, unit: '/s', budget: floor(5000) })
    report.add({ measure: `create, ${flight}, p99`, value: created.p99, unit: 'ms', budget: { atMost: 1000 } })
    report.add({ measure: `get 2 KB, ${flight}`, value: read.perSecond, unit: '/s', budget: floor(20_000) })
    report.add({ measure: `get 2 KB, ${flight}, p99`, value: read.p99, unit: 'ms', budget: { atMost: 1000 } })
    report.add({ measure: `update, ${flight}`, value: updated.perSecond, unit: '/s', budget: floor(0) })
    report.add({ measure: `patch, ${flight}`, value: patched.perSecond, unit: '/s', budget: floor(0) })
    report.add({ measure: `delete, ${flight}`, value: deleted, unit: '/s', budget: floor(0) })
  }
}

function chunks<T>(items: readonly T[], count: number): T[][] {
  const parts: T[][] = Array.from({ length: count }, () => [])
  items.forEach((item, index) => {
    parts[index % count]!.push(item)
  })
  return parts
}

/** Lists of many pods, whole and in pages. The time is the client's: that of the server and of reading it all. */
async function lists(report: Report, client: LoadClient, own: Own | undefined): Promise<void> {
  let made = 0
  for (const count of LISTED) {
    const missing = Array.from({ length: count - made }, (_, index) => made + index)
    const started = performance.now()
    await Promise.all(
      chunks(missing, 64).map(async part => {
        for (const index of part) await client.call('POST', PODS, pod(`pod-${index}`))
      }),
    )
    const perSecond = missing.length / ((performance.now() - started) / 1000)
    made = count
    report.add({ measure: `create pods, up to ${count}`, value: perSecond, unit: '/s', budget: { atLeast: 0 } })
    const whole = await pace(1, SECONDS / 2, () => client.call('GET', PODS))
    const page = await pace(1, SECONDS / 2, () => client.call('GET', `${PODS}?limit=500`))
    const ceiling = count === 10_000 ? 150 : 1000
    report.add({ measure: `list of ${count} pods, p50`, value: whole.p50, unit: 'ms', budget: { atMost: ceiling } })
    report.add({ measure: `first 500 of ${count} pods, p50`, value: page.p50, unit: 'ms', budget: { atMost: 1000 } })
    if (own)
      report.add({
        measure: `memory with ${count} pods`,
        value: await megabytes(own),
        unit: 'MB',
        budget: { atMost: 270 },
      })
  }
}

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'kubox-bench-api-'))
  let own = options.kubeconfig ? undefined : await startOwn(folder)
  const kubeconfig = options.kubeconfig ?? own!.kubeconfig
  const report = new Report(`The API server at ${options.kubeconfig ?? 'its own store'}`)
  let client = await LoadClient.open(kubeconfig)
  try {
    if (own) {
      report.add({ measure: 'start to readyz, empty', value: own.startMs, unit: 'ms', budget: { atMost: 700 } })
      report.add({ measure: 'memory, empty', value: await megabytes(own), unit: 'MB', budget: { atMost: 110 } })
    }
    await client.call('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } })
    await client.call('POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'default' } })
    await verbs(report, client)
    await lists(report, client, own)
    const delay = await watchDelay(kubeconfig, WATCHERS, 5)
    report.add({
      measure: `one change to ${WATCHERS} watchers, p99`,
      value: delay,
      unit: 'ms',
      budget: { atMost: 100 },
    })
    if (own) {
      await client.close()
      await stopOwn(own)
      own = await startOwn(folder)
      client = await LoadClient.open(kubeconfig)
      const measure = `start to readyz, ${LISTED.at(-1)} pods`
      report.add({ measure, value: own.startMs, unit: 'ms', budget: { atMost: 1500 } })
    } else await client.call('DELETE', `/api/v1/namespaces/${NAMESPACE}`)
    return await report.finish(options.json)
  } finally {
    await client.close()
    if (own) await stopOwn(own)
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = (await main()) ? 0 : 1
