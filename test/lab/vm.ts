import { plugNat } from './adapters.ts'
import { docker, dockerExec } from './docker.ts'
import { CHECKOUT_HERE, personalFiles } from './guest.ts'
import { containerName, createArguments, LAB_LABEL, registryAddress, type VmPlan } from './plan.ts'

const BOOT_DEADLINE_MS = 300_000

export async function makeVm(vm: VmPlan, image: string, subnet: string): Promise<void> {
  await createVm(vm, image, subnet)
  await powerOn(vm)
}

/** Creates without starting, so that what is particular to this VM is on its disk before it boots. */
export async function createVm(vm: VmPlan, image: string, subnet: string): Promise<void> {
  const container = containerName(vm.lab, vm.name)
  await docker(['volume', 'create', '--label', `${LAB_LABEL}=${vm.lab}`, container])
  await docker(['create', ...createArguments(vm, image, CHECKOUT_HERE, subnet)])
  await docker(['cp', '-', `${container}:/`], { input: await personalFiles(vm, registryAddress(subnet)) })
}

/** Done when systemd has started everything and the Engine answers; fails when a unit failed. */
const BOOTED = `
until state=$(systemctl is-system-running --wait 2>/dev/null) || [ "$state" = degraded ]; do sleep 0.05; done
echo "systemd: $state"
[ "$state" = running ] || exit 1
until docker version >/dev/null 2>&1; do sleep 0.05; done`

export async function powerOn(vm: VmPlan): Promise<void> {
  const container = containerName(vm.lab, vm.name)
  await docker(['start', container])
  await plugNat(vm)
  const booted = await dockerExec(container, ['sh', '-c', BOOTED], { timeoutMs: BOOT_DEADLINE_MS })
  if (booted.code === 0) return
  const failed = await dockerExec(container, ['systemctl', '--failed', '--no-legend'])
  const said = [booted.stdout, booted.stderr, failed.stdout, await docker(['logs', container])]
  throw new Error(`${vm.name} did not boot: ${said.join('')}`)
}

/** Where the machine below keeps a VM's second disk, the one of its Docker Engine. */
export async function enginePath(vm: VmPlan): Promise<string> {
  return (await docker(['volume', 'inspect', '-f', '{{.Mountpoint}}', containerName(vm.lab, vm.name)])).trim()
}
