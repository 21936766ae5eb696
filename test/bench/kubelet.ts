import { parseArgs } from 'node:util'
import type { Container, Node } from '../../api/types/core-v1.ts'
import { NODES } from '../../client/resources.ts'
import { DockerRuntime } from '../../kubelet/docker/runtime.ts'
import { SANDBOX_IMAGE } from '../../kubelet/sandbox/image.ts'
import { TestNode } from '../../kubelet/testing/node.ts'
import { sleep, systemClock } from '../../platform/clock.ts'
import { systemProcesses } from '../../platform/processes.ts'
import { ensureImage } from '../images/index.ts'
import { memory } from './kubelet/memory.ts'
import { median, Report, repeat } from './report.ts'

// `npm run bench:kubelet`: the agent on real Docker, against the bare calls for the same containers in the same run.
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
})
const ROUNDS = options.quick ? 3 : 15
const MANY = options.quick ? 8 : 50
const CPU_SECONDS = options.quick ? 5 : 60
const AT_ONCE = 8
const NAME = `kubelet-bench-${process.pid}`
const LABEL = { 'io.kubox.bench': NAME }
const IDLE: Container = {
  ...{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent' },
  command: ['sh', '-c', "trap 'exit 0' TERM; sleep 3600 & wait"],
}

const runtime = new DockerRuntime(systemClock)
const ready = (name: string) =>
  node.pod(name)?.status?.conditions?.some(one => one.type === 'Ready' && one.status === 'True')
const isNodeReady = () =>
  node.api.find<Node>(NODES, NAME)?.status?.conditions?.some(one => one.type === 'Ready' && one.status === 'True')
const now = () => systemClock.monotonic()

async function until(what: string, condition: () => unknown, withinMs = 180_000): Promise<void> {
  const end = now() + withinMs
  while (!condition()) {
    if (now() > end) throw new Error(`${what}: not in ${withinMs} ms`)
    await sleep(systemClock, 2)
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = now()
  await work()
  return now() - began
}

/** A sandbox and a container in it, by nothing but the engine's calls. Returns their ids. */
async function barePod(name: string): Promise<string[]> {
  const common = { labels: LABEL, env: [], mounts: [], resources: {}, security: {} }
  const logOptions = { maxSize: '10m', maxFiles: 5 }
  const sandbox = await runtime.create({
    ...{
      ...common,
      logOptions,
      name: `${NAME}-${name}-box`,
      image: SANDBOX_IMAGE,
      networkMode: NAME,
      ipcMode: 'shareable',
    },
  })
  await runtime.start(sandbox)
  const joined = `container:${sandbox}`
  const main = await runtime.create({
    ...{ ...common, logOptions, name: `${NAME}-${name}-main`, image: 'busybox', entrypoint: IDLE.command },
    ...{ networkMode: joined, ipcMode: joined },
  })
  await runtime.start(main)
  return [main, sandbox]
}

async function removeAll(ids: string[]): Promise<void> {
  for (const id of ids) await runtime.remove(id)
}

async function removePod(name: string): Promise<void> {
  node.delete(name, 5)
  await until(`${name} is gone`, () => !node.pod(name))
}

/** Turn about, so that what else the machine does falls on both alike. */
async function startAndDelete(report: Report): Promise<void> {
  const times = { ours: [] as number[], bare: [] as number[], gone: [] as number[], bareGone: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    let ids: string[] = []
    times.bare.push(
      await timed(async () => {
        ids = await barePod(`one-${round}`)
      }),
    )
    times.bareGone.push(
      await timed(async () => {
        await runtime.stop(ids[0]!, 5)
        await removeAll(ids)
      }),
    )
    const name = `one-${round}`
    times.ours.push(
      await timed(async () => {
        node.create(name, { containers: [IDLE] })
        await until(`${name} runs`, () => node.pod(name)?.status?.phase === 'Running')
      }),
    )
    times.gone.push(await timed(() => removePod(name)))
  }
  const both = { value: times.ours, peer: times.bare }
  report.add({ measure: 'pod created to Running', ...both, unit: 'ms', budget: { atMost: 1.25 } })
  const over = median(times.gone) - median(times.bareGone)
  report.add({ measure: 'delete to gone, over the bare calls', value: over, unit: 'ms', budget: { atMost: 500 } })
}

async function manyAtOnce(report: Report): Promise<void> {
  const found = await repeat(options.quick ? 1 : 3, startMany)
  const both = { value: found.map(one => one.ours), peer: found.map(one => one.bare) }
  report.add({ measure: `${MANY} pods at once, all Running`, ...both, unit: 'ms', budget: { atMost: 1.15 } })
  await withProbes(report, manyNames())
  await Promise.all(manyNames().map(removePod))
}

const manyNames = () => Array.from({ length: MANY }, (_, index) => `many-${index}`)

async function startMany(): Promise<{ ours: number; bare: number }> {
  const ids: string[] = []
  let next = 0
  const lane = async () => {
    while (next < MANY) ids.push(...(await barePod(`many-${next++}`)))
  }
  const bare = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, lane)))
  await Promise.all(ids.filter((_, index) => index % 2 === 0).map(id => runtime.remove(id)))
  await Promise.all(ids.map(id => runtime.remove(id)))
  const names = manyNames()
  const ours = await timed(async () => {
    for (const name of names) node.create(name, { containers: [IDLE] })
    await until('all run', () => names.every(name => node.pod(name)?.status?.phase === 'Running'))
  })
  await Promise.all(names.map(removePod))
  return { ours, bare }
}

/** Pods with an exec probe a minute each, and nothing else happens. */
async function withProbes(report: Report, names: string[]): Promise<void> {
  const livenessProbe = { exec: { command: ['true'] }, periodSeconds: 60, timeoutSeconds: 10 }
  for (const name of names) node.create(name, { containers: [{ ...IDLE, livenessProbe }] })
  await until('all are ready', () => names.every(ready))
  await sleep(systemClock, 2000)
  const before = process.cpuUsage()
  await sleep(systemClock, CPU_SECONDS * 1000)
  const used = process.cpuUsage(before)
  const value = ((used.user + used.system) / 1e6 / CPU_SECONDS) * 100
  report.add({ measure: `CPU with ${MANY} pods, an exec probe a minute each`, value, unit: '%', budget: { atMost: 2 } })
}

async function probes(report: Report): Promise<void> {
  const readinessProbe = { exec: { command: ['true'] }, periodSeconds: 1, timeoutSeconds: 10 }
  const readyAfter: number[] = []
  const replacedAfter: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    node.create('probed', { containers: [{ ...IDLE, readinessProbe }] })
    await until('it runs', () => node.pod('probed')?.status?.containerStatuses?.[0]?.state?.running)
    readyAfter.push(await timed(() => until('it is ready', () => ready('probed'))))
    await removePod('probed')
    const livenessProbe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 10 }
    node.create('sick', { containers: [{ ...IDLE, livenessProbe }], terminationGracePeriodSeconds: 5 })
    await until('it fails', () => node.events('sick').some(event => event.startsWith('Unhealthy')))
    const restarts = () => node.pod('sick')?.status?.containerStatuses?.[0]
    replacedAfter.push(
      await timed(() => until('it is replaced', () => restarts()?.restartCount === 1 && restarts()?.state?.running)),
    )
    await removePod('sick')
  }
  report.add({
    measure: 'container up to Ready, over the period',
    value: readyAfter,
    unit: 'ms',
    budget: { atMost: 1300 },
  })
  report.add({
    measure: 'liveness failure to the new container',
    value: replacedAfter,
    unit: 'ms',
    budget: { atMost: 1000 },
  })
}

async function execs(report: Report): Promise<void> {
  node.create('exec', { containers: [IDLE] })
  await until('it is ready', () => ready('exec'))
  const id = node.pod('exec')!.status!.containerStatuses![0]!.containerID!.replace('docker://', '')
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < ROUNDS * 2; round++) {
    bare.push(await timed(() => systemProcesses.run('docker', ['exec', id, 'true'])))
    ours.push(await timed(() => execOnce(id)))
  }
  const measure = 'exec, against docker exec'
  report.add({ measure, value: ours, unit: 'ms', peer: bare, budget: { atMost: 1.5 } })
  await removePod('exec')
}

async function execOnce(id: string): Promise<void> {
  const session = await runtime.exec(id, { command: ['true'], stdin: false, stdout: true, stderr: true, tty: false })
  session.stdout?.resume()
  session.stderr?.resume()
  const code = await session.exited
  if (code !== 0) throw new Error(`exec ended with ${code}`)
}

await ensureImage('busybox')
const node = await TestNode.start(runtime, systemClock, NAME, { network: { name: NAME } })
// Timers of the clock do not keep a process alive.
const alive = setInterval(() => {}, 60_000)
try {
  // Not before its network is there, which the bare containers are on as well.
  await until('the node is ready', isNodeReady)
  const report = new Report('the agent on Docker')
  await startAndDelete(report)
  await execs(report)
  await probes(report)
  await manyAtOnce(report)
  await memory(report, node.root, { quick: options.quick })
  await report.finish(options.json)
} finally {
  await node.stop()
  for (const left of await runtime.list({ 'io.kubox.node': NAME })) await runtime.remove(left.id)
  for (const left of await runtime.list(LABEL)) await runtime.remove(left.id)
  await runtime.removeNetwork(NAME)
  clearInterval(alive)
}
