/** What a lab consists of, decided without touching anything: names, hardware, addresses, the arguments of `docker create`. */
import { createHash } from 'node:crypto'

export type Role = 'master' | 'worker'

export interface VmPlan {
  lab: string
  /** Its name in the lab: master1, worker2. */
  name: string
  role: Role
  hostname: string
  /** The last part of its address on the NAT Network. */
  host: number
  /** The adapter on the NAT Network; the NAT adapter has its own. */
  mac: string
  natMac: string
  productUuid: string
}

/** Every container, network, volume and image of a lab carries this label with the lab's name. */
export const LAB_LABEL = 'kubox.lab'
export const VM_LABEL = 'kubox.lab.vm'
/** Where the checkout lies in every VM. */
export const CHECKOUT = '/opt/kubox'

const FIRST_HOST = { master: 11, worker: 51, clone: 151 }

export function planVms(lab: string, masters: number, workers: number): VmPlan[] {
  const row = (role: Role, count: number) => Array.from({ length: count }, (_, index) => planVm(lab, role, index))
  return [...row('master', masters), ...row('worker', workers)]
}

function planVm(lab: string, role: Role, index: number): VmPlan {
  const name = `${role}${index + 1}`
  return {
    lab,
    name,
    role,
    hostname: name,
    host: FIRST_HOST[role] + index,
    mac: hardwareAddress(`${lab}/${name}/network`),
    natMac: hardwareAddress(`${lab}/${name}/nat`),
    productUuid: uuid(`${lab}/${name}`),
  }
}

/** A copy as VirtualBox makes it: the same machine at another address. Only its adapter may be made anew. */
export function planClone(original: VmPlan, name: string, others: readonly VmPlan[], newMac = false): VmPlan {
  if (others.some(vm => vm.name === name)) throw new Error(`lab ${original.lab} has a VM ${name} already`)
  const host = Math.max(FIRST_HOST.clone - 1, ...others.map(vm => vm.host)) + 1
  return { ...original, name, host, mac: newMac ? hardwareAddress(`${original.lab}/${name}/network`) : original.mac }
}

export const containerName = (lab: string, vm: string) => `kubox-lab.${lab}.${vm}`
export const networkName = (lab: string) => `kubox-lab.${lab}`

/** As `docker create` takes them. A VM is a container that may do everything but what the machine itself may not. */
export function createArguments(vm: VmPlan, image: string, checkout: string, subnet: string): string[] {
  const name = containerName(vm.lab, vm.name)
  const identity = ['--name', name, '--hostname', vm.hostname]
  const network = ['--network', networkName(vm.lab), '--ip', addressIn(subnet, vm.host)]
  const labels = [`${LAB_LABEL}=${vm.lab}`, `${VM_LABEL}=${JSON.stringify(vm)}`]
  const powers = [
    '--cap-add',
    'ALL',
    '--cap-drop',
    'SYS_RESOURCE',
    '--device-cgroup-rule',
    'a *:* rwm',
    '--cgroupns',
    'private',
  ]
  const limits = ['seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined']
  const memory = ['/run:exec', '/run/lock', '/tmp:exec']
  const volumes = [`${name}:/var/lib/docker`, `${checkout}:${CHECKOUT}:ro`]
  return [
    ...identity,
    ...network,
    ...labels.flatMap(label => ['--label', label]),
    ...powers,
    ...limits.flatMap(limit => ['--security-opt', limit]),
    ...memory.flatMap(place => ['--tmpfs', place]),
    ...volumes.flatMap(volume => ['--volume', volume]),
    ...REGISTRY_HOSTS.flatMap(host => ['--add-host', `${host}:${registryAddress(subnet)}`]),
    '--stop-signal',
    'SIGRTMIN+3',
    image,
  ]
}

/** Hosts in the names of learners' images: in a lab they are its own registry. */
const REGISTRY_HOSTS = ['k8s.gcr.io', 'registry.k8s.io', 'registry.lab']

/** The Docker Engine of a VM trusts the lab's registry and asks it for images without a host in their name. */
export function engineConfiguration(registry: string): string {
  return JSON.stringify({
    'insecure-registries': [registry, ...REGISTRY_HOSTS],
    'registry-mirrors': [`http://${registry}`],
  })
}

const PRIVATE_NETWORKS = Array.from({ length: 90 }, (_, index) => `192.168.${160 + index}.0/24`)

/** The first network of a /24 that overlaps none of those in use. */
export function freeSubnet(taken: readonly string[]): string {
  const ranges = taken.filter(cidr => cidr.includes('.')).map(range)
  const free = PRIVATE_NETWORKS.map(range).find(one =>
    ranges.every(other => one.last < other.first || other.last < one.first),
  )
  if (!free) throw new Error('no private network is free for a lab: 192.168.160.0 to 192.168.249.255 are all in use')
  return free.cidr
}

function range(cidr: string): { cidr: string; first: number; last: number } {
  const [address = '', bits = '32'] = cidr.split('/')
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(number / size) * size
  return { cidr, first, last: first + size - 1 }
}

/** The registry's place in a lab's network. */
export function registryAddress(subnet: string): string {
  return addressIn(subnet, 2)
}

function addressIn(subnet: string, host: number): string {
  return subnet.replace(/\.0\/24$/, `.${host}`)
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

/** With VirtualBox's prefix, the same for the same VM every time. */
function hardwareAddress(seed: string): string {
  const [a, b, c] = digest(seed).match(/../g)!
  return `08:00:27:${a}:${b}:${c}`
}

function uuid(seed: string): string {
  const hex = digest(`uuid/${seed}`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
