import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { type Random, randomBelow } from '../../platform/random.ts'
import type { Driver } from '../testing/drivers.ts'
import type { TestNode } from '../testing/node.ts'
import { QUICK, shell } from './steps.ts'

const SPEC = {
  ...QUICK,
  volumes: [{ name: 'v', emptyDir: {} }],
  containers: [shell('main', "trap 'exit 0' TERM; sleep infinity & wait")],
}

/** What else pods leave on a machine, by name: packet filter rules, interfaces, networks. */
export interface Traces {
  /** Ports of the node that nobody uses: a pod each gets one. */
  hostPorts: number[]
  list(): Promise<string[]>
}

const NO_TRACES: Traces = { hostPorts: [], list: async () => [] }

/** Creates and deletes so many pods in random order, some by force, and looks whether anything of them is left. */
export async function churn(
  node: TestNode,
  driver: Driver,
  count: number,
  random: Random,
  traces = NO_TRACES,
): Promise<void> {
  const before = await traces.list()
  const alive: string[] = []
  for (let made = 0; made < count; ) {
    if (alive.length > 0 && random.next() < 0.45) {
      const [name] = alive.splice(randomBelow(random, alive.length), 1)
      if (random.next() < 0.2) node.forceDelete(name!)
      else node.delete(name!, 1)
    } else {
      const name = `p${made++}`
      node.create(name, podSpec(traces.hostPorts[made]))
      alive.push(name)
    }
    await driver.pass(50)
  }
  for (const name of alive) node.delete(name, 1)
  await nothingIsLeft(node, driver)
  assert.deepEqual(await traces.list(), before)
}

function podSpec(hostPort: number | undefined): typeof SPEC {
  if (hostPort === undefined) return SPEC
  return { ...SPEC, containers: SPEC.containers.map(one => ({ ...one, ports: [{ containerPort: 80, hostPort }] })) }
}

async function nothingIsLeft(node: TestNode, driver: Driver): Promise<void> {
  const { runtime, paths } = node.options
  let left = ['unknown']
  for (const folder of [paths.podLogs, `${paths.root}/pods`]) await fs.mkdir(folder, { recursive: true })
  const look = async () => {
    const pods = [...node.api.objects.keys()].filter(path => path.includes('/pods/'))
    const containers = await runtime.list({ 'io.kubox.node': node.name })
    left = [
      ...pods,
      ...containers.map(one => one.name),
      ...(await fs.readdir(paths.podLogs)),
      ...(await fs.readdir(`${paths.root}/pods`)),
    ]
  }
  const check = () => {
    void look()
    return left.length === 0
  }
  await driver.until('nothing is left', check, 240_000)
  const mounts = (await fs.readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter(line => line.includes(node.root))
  assert.deepEqual(mounts, [])
}
