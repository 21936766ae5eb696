/**
 * The two adapters of a VM. The NAT Network is a Docker network; the NAT adapter, with one and the same address on every
 * VM, is a pair of veth ends between the VM and a gateway namespace of its own, since Docker allows no such thing.
 */
import { systemProcesses } from '../../platform/processes.ts'
import { withLock } from '../peers/lock.ts'
import { docker, dockerExec, dockerWords, machine } from './docker.ts'
import { containerName, freeSubnet, LAB_LABEL, networkName, type VmPlan } from './plan.ts'

/** Makes the NAT Network of a lab on a subnet that nobody uses, and says which. */
export async function createNetwork(lab: string): Promise<string> {
  return withLock('lab-network', async () => {
    const subnet = freeSubnet([...(await routes()), ...(await dockerSubnets())])
    await docker(['network', 'create', '--subnet', subnet, '--label', `${LAB_LABEL}=${lab}`, networkName(lab)])
    return subnet
  })
}

export async function subnetOf(lab: string): Promise<string> {
  return (await docker(['network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', networkName(lab)])).trim()
}

async function routes(): Promise<string[]> {
  const found = JSON.parse(await machine('ip', ['-j', 'route', 'show', 'table', 'all'])) as { dst: string }[]
  return found.map(route => route.dst)
}

async function dockerSubnets(): Promise<string[]> {
  const ids = await dockerWords(['network', 'ls', '-q'])
  return dockerWords(['network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', ...ids])
}

/** Plugs the NAT adapter into a VM that was just powered on: each boot needs it anew. */
export async function plugNat(vm: VmPlan): Promise<void> {
  const container = containerName(vm.lab, vm.name)
  const gateway = gatewayName(container)
  const pid = (await docker(['inspect', '-f', '{{.State.Pid}}', container])).trim()
  if (!(await namespaces()).includes(gateway)) await machine('ip', ['netns', 'add', gateway])
  // A name server that has no answer, and "unreachable" for whatever is sent further: both at once, so nobody waits.
  await machine('sh', ['-ec', GATEWAY_SCRIPT, gateway, pid, vm.natMac, vm.mac])
  const plugged = await dockerExec(container, ['touch', '/run/lab-plugged'])
  if (plugged.code !== 0) throw new Error(`${vm.name} did not start: ${await docker(['logs', container])}`)
}

const GATEWAY_SCRIPT = `
inside="nsenter -t $1 -n ip"
gateway="ip -n $0"
$gateway link del nat0 2>/dev/null || true
ip link add nat0 netns "$0" type veth peer name enp0s3 netns "$1"
$gateway link set lo up
$gateway addr add 10.0.2.2/24 dev nat0
$gateway addr add 10.0.2.3/24 dev nat0
$gateway link set nat0 up
nsenter --net=/var/run/netns/$0 sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
$inside link set eth0 address "$3"
$inside link set enp0s3 address "$2"
$inside addr add 10.0.2.15/24 dev enp0s3
$inside link set enp0s3 up
$inside route replace default via 10.0.2.2 dev enp0s3
`

/** Cuts the wire between two VMs: nothing passes, neither way, and nobody is told. */
export async function cutWire(lab: string, a: VmPlan, b: VmPlan): Promise<void> {
  const rule = (from: VmPlan, to: VmPlan) =>
    `add rule bridge ${tableName(lab)} forward ether saddr ${from.mac} ether daddr ${to.mac} drop`
  const table = [
    `add table bridge ${tableName(lab)}`,
    `add chain bridge ${tableName(lab)} forward { type filter hook forward priority 0; }`,
  ]
  await machine('nft', ['-f', '-'], { input: [...table, rule(a, b), rule(b, a), ''].join('\n') })
}

/** Mends all wires of a lab. */
export async function healWires(lab: string): Promise<void> {
  const tables = await machine('nft', ['list', 'tables', 'bridge'])
  if (tables.split('\n').includes(`table bridge ${tableName(lab)}`)) {
    await machine('nft', ['delete', 'table', 'bridge', tableName(lab)])
  }
}

/** Removes what of a lab's wiring is not a container's. */
export async function removeWiring(lab: string): Promise<void> {
  await healWires(lab)
  const prefix = gatewayName(containerName(lab, ''))
  for (const gateway of await namespaces())
    if (gateway.startsWith(prefix)) await machine('ip', ['netns', 'del', gateway])
  const networks = await dockerWords(['network', 'ls', '-q', '--filter', `label=${LAB_LABEL}=${lab}`])
  if (networks.length) await docker(['network', 'rm', ...networks])
}

const gatewayName = (container: string) => `nat-${container}`
const tableName = (lab: string) => `kubox_lab_${lab.replaceAll('-', '_')}`

async function namespaces(): Promise<string[]> {
  const { stdout } = await systemProcesses.run('ip', ['netns', 'list'])
  return stdout
    .split('\n')
    .map(line => line.split(' ')[0] ?? '')
    .filter(Boolean)
}
