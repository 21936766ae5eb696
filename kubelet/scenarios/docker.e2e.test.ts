import { after, before, describe, it } from 'node:test'
import type { Node } from '../../api/types/core-v1.ts'
import { systemClock } from '../../platform/clock.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { seededRandom } from '../../platform/random.ts'
import { ensureImages } from '../../test/images/index.ts'
import { freePorts } from '../../test/support/ports.ts'
import { DockerRuntime } from '../docker/runtime.ts'
import { RuntimeError } from '../runtime.ts'
import { realDriver } from '../testing/drivers.ts'
import { TestNode } from '../testing/node.ts'
import { SCENARIOS } from './all.ts'
import { churn } from './churn.ts'

/** With the variable set, as many as the fake engine is given. */
const CHURN = process.env.KUBOX_LONG_FAULTS ? 200 : 40

describe('a pod on Docker', { concurrency: 4 }, () => {
  const runtime = new DockerRuntime(systemClock)
  let node: TestNode

  before(async () => {
    await ensureImages(['busybox', 'dirty-memory'])
    const name = `kubelet-test-${process.pid}`
    node = await TestNode.start(runtime, systemClock, name, { network: { name } })
  })

  after(async () => {
    await node.stop()
    for (const left of await runtime.list({ 'io.kubox.node': node.name })) await runtime.remove(left.id)
    await runtime.removeNetwork(node.name)
  })

  for (const { title, run } of SCENARIOS)
    it(title, { timeout: 60_000 }, () =>
      run(
        node,
        realDriver(() => node),
      ),
    )
})

describe('pods on Docker, created and deleted in random order', () => {
  it('leave nothing behind', { timeout: 400_000 }, async () => {
    const runtime = new DockerRuntime(systemClock)
    const name = `kubelet-test-churn-${process.pid}`
    const node = await TestNode.start(runtime, systemClock, name, { network: { name } })
    try {
      await realDriver(() => node).until('the network is made', () => isMade(node))
      await churn(
        node,
        realDriver(() => node),
        CHURN,
        seededRandom(7),
        { hostPorts: await freePorts(8), list: () => tracesOf(name) },
      )
    } finally {
      await node.stop()
      for (const left of await runtime.list({ 'io.kubox.node': name })) await runtime.remove(left.id)
      await removeUnlessMiscounted(runtime, name)
    }
  })
})

function isMade(node: TestNode): boolean {
  const { status } = (node.api.objects.get(`/api/v1/nodes/${node.name}`) ?? {}) as Node
  return status?.conditions?.some(one => one.type === 'Ready' && one.status === 'True') ?? false
}

/** Rules, interfaces and networks of the machine that belong to the pods' network. */
async function tracesOf(network: string): Promise<string[]> {
  const run = (command: string, ...args: string[]) => runChecked(systemProcesses, command, args)
  const id = (await run('docker', 'network', 'inspect', '-f', '{{.Id}}', network)).trim()
  const bridge = `br-${id.slice(0, 12)}`
  const rules = (await run('iptables-save')).split('\n').filter(line => line.includes(bridge))
  const links = (await run('ip', '-o', 'link', 'show', 'master', bridge)).trim().split('\n').filter(Boolean)
  const networks = (await run('docker', 'network', 'ls', '--format', '{{.Name}}')).split('\n')
  return [...rules, ...links, ...networks.filter(name => name.startsWith(network))]
}

/** An empty network may have to wait for Docker's next restart: see kubelet/docker/network.ts. */
async function removeUnlessMiscounted(runtime: DockerRuntime, name: string): Promise<void> {
  try {
    await runtime.removeNetwork(name)
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.reason !== 'Conflict') throw error
    console.log(error.message)
  }
}
