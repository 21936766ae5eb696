/**
 * A lab: VMs on one machine, for tests and for people. A VM is a container with systemd, its own Docker Engine, hostname,
 * machine-id and two adapters as on VirtualBox: NAT (10.0.2.15 on every VM) and a NAT Network. Start here; plan.ts decides
 * what a lab consists of, base.ts makes the disk that VMs start from, vm.ts boots them, adapters.ts wires them, main.ts is
 * `npm run lab`.
 * It keeps no state of its own: everything made carries the lab's label, so another process finds it again, and `down`
 * finds all of it. It imports platform/, test/images and test/peers.
 */
import type { RunOptions, RunResult } from '../../platform/processes.ts'
import { builtImage } from '../images/index.ts'
import type { ImageName } from '../images/recipes.ts'
import { startRegistry } from '../images/registry.ts'
import { createNetwork, cutWire, healWires, removeWiring, subnetOf } from './adapters.ts'
import { ensureBase } from './base.ts'
import { docker, dockerExec, dockerWords, machine } from './docker.ts'
import { insideVm } from './guest.ts'
import {
  containerName,
  LAB_LABEL,
  networkName,
  planClone,
  planVms,
  registryAddress,
  VM_LABEL,
  type VmPlan,
} from './plan.ts'
import { createVm, enginePath, makeVm, powerOn } from './vm.ts'

export interface VmStatus {
  name: string
  role: string
  /** As Docker says it: running, paused, exited. */
  power: string
  address: string
}

export class Lab {
  readonly name: string

  constructor(name = 'lab') {
    if (!/^[a-z0-9](-?[a-z0-9])*$/.test(name))
      throw new Error(`a lab's name is of small letters, digits and dashes: ${name}`)
    this.name = name
  }

  /** Makes the VMs, powers them on, and returns when systemd and the Docker Engine run on every one. */
  async up(size: { masters: number; workers: number; suite?: string }): Promise<VmStatus[]> {
    if ((await this.#plans()).length) throw new Error(`lab ${this.name} stands already: take it down first`)
    const base = await ensureBase(size.suite)
    try {
      // What an interrupted start has left.
      await this.down()
      const subnet = await createNetwork(this.name)
      const plans = planVms(this.name, size.masters, size.workers)
      await settled([this.#startRegistry(subnet), ...plans.map(vm => makeVm(vm, base, subnet))])
    } catch (error) {
      await this.down()
      throw error
    }
    return this.status()
  }

  async status(): Promise<VmStatus[]> {
    const plans = await this.#plans()
    return Promise.all(
      plans.map(async vm => {
        const format = '{{.State.Status}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
        const [power = '', address = ''] = await dockerWords([
          'inspect',
          '-f',
          format,
          containerName(this.name, vm.name),
        ])
        return { name: vm.name, role: vm.role, power, address }
      }),
    )
  }

  /** The address of a VM on the NAT Network. */
  async address(vm: string): Promise<string> {
    await this.#plan(vm)
    const found = (await this.status()).find(one => one.name === vm)!
    if (!found.address) throw new Error(`${vm} has no address: it is ${found.power}`)
    return found.address
  }

  async exec(vm: string, command: readonly string[], options?: RunOptions): Promise<RunResult> {
    await this.#plan(vm)
    return dockerExec(containerName(this.name, vm), command, options)
  }

  /** Runs a shell script that must succeed, and returns what it printed. */
  async sh(vm: string, script: string, options?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await this.exec(vm, ['sh', '-ec', script], options)
    if (code !== 0)
      throw new Error(`on ${vm}, \`${script}\` ended with code ${code}: ${stderr.trim() || stdout.trim()}`)
    return stdout
  }

  /** Copies a file or folder; one side is on a VM, written `worker1:/path`. */
  async copy(from: string, to: string): Promise<void> {
    const place = (path: string) =>
      path.replace(/^([a-z0-9-]+):/, (_, vm: string) => `${containerName(this.name, vm)}:`)
    await docker(['cp', place(from), place(to)])
  }

  /** Shows another text in place of a file that all VMs share with the machine below, such as /proc/swaps, until it reboots. */
  async pretend(vm: string, path: string, text: string): Promise<void> {
    const script = 'shown=$(mktemp /run/pretend.XXXXXX); cat > "$shown"; chmod 644 "$shown"; mount --bind "$shown" "$0"'
    const { code, stderr } = await this.exec(vm, ['sh', '-ec', script, path], { input: text })
    if (code !== 0) throw new Error(`${vm} cannot pretend another ${path}: ${stderr.trim()}`)
  }

  /** Loads test images into the Docker Engine of a VM; without that it pulls them from the lab's registry. */
  async loadImages(vm: string, names: readonly ImageName[]): Promise<void> {
    for (const name of names) {
      const { archive } = await builtImage(name)
      await this.sh(vm, `docker load -q -i ${insideVm(archive)}`)
    }
  }

  /** Shuts down in good order and starts again. */
  async reboot(vm: string): Promise<void> {
    const plan = await this.#plan(vm)
    await docker(['stop', '-t', '60', containerName(this.name, vm)])
    await powerOn(plan)
  }

  /** Pulls the plug: nothing is told, nothing is written any more. */
  async poweroff(vm: string): Promise<void> {
    await this.#plan(vm)
    await docker(['kill', containerName(this.name, vm)])
  }

  async poweron(vm: string): Promise<void> {
    await powerOn(await this.#plan(vm))
  }

  /** A lid that closes: everything stands still, the clock goes on. */
  async suspend(vm: string): Promise<void> {
    await this.#plan(vm)
    await docker(['pause', containerName(this.name, vm)])
  }

  async resume(vm: string): Promise<void> {
    await this.#plan(vm)
    await docker(['unpause', containerName(this.name, vm)])
  }

  /** Copies a VM with its disks and powers the copy on: same machine-id, product_uuid, hostname and adapters. */
  async clone(vm: string, options: { as?: string; newMac?: boolean } = {}): Promise<string> {
    const original = await this.#plan(vm)
    const copy = planClone(original, options.as ?? `${vm}-clone`, await this.#plans(), options.newMac)
    const [from, to] = [containerName(this.name, vm), containerName(this.name, copy.name)]
    const image = `${to.replaceAll('.', '-')}:clone`
    const running = (await docker(['inspect', '-f', '{{.State.Status}}', from])).trim() === 'running'
    if (running) await docker(['pause', from])
    try {
      await docker(['commit', '--pause=false', '-c', `LABEL ${LAB_LABEL}=${this.name}`, from, image])
      await createVm(copy, image, await subnetOf(this.name))
      await machine('cp', ['-a', `${await enginePath(original)}/.`, await enginePath(copy)])
    } finally {
      if (running) await docker(['unpause', from])
    }
    await powerOn(copy)
    return copy.name
  }

  async cut(a: string, b: string): Promise<void> {
    await cutWire(this.name, await this.#plan(a), await this.#plan(b))
  }

  /** Mends every wire that was cut. */
  async heal(): Promise<void> {
    await healWires(this.name)
  }

  /** Leaves nothing behind but the cached base image. */
  async down(): Promise<void> {
    const filter = ['--filter', `label=${LAB_LABEL}=${this.name}`]
    const containers = await dockerWords(['ps', '-aq', ...filter])
    if (containers.length) await docker(['rm', '-f', '-v', ...containers])
    const volumes = await dockerWords(['volume', 'ls', '-q', ...filter])
    if (volumes.length) await docker(['volume', 'rm', ...volumes])
    const images = await dockerWords(['images', '-q', ...filter])
    if (images.length) await docker(['rmi', '-f', ...images])
    await removeWiring(this.name)
  }

  async #startRegistry(subnet: string): Promise<void> {
    const network = { name: networkName(this.name), address: registryAddress(subnet) }
    await startRegistry({ name: containerName(this.name, 'registry'), network, labels: [`${LAB_LABEL}=${this.name}`] })
  }

  async #plans(): Promise<VmPlan[]> {
    const filter = ['--filter', `label=${LAB_LABEL}=${this.name}`, '--filter', `label=${VM_LABEL}`]
    const lines = await docker(['ps', '-a', ...filter, '--format', `{{.Label "${VM_LABEL}"}}`])
    const plans = lines
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as VmPlan)
    return plans.sort((a, b) => a.name.localeCompare(b.name))
  }

  async #plan(vm: string): Promise<VmPlan> {
    const plans = await this.#plans()
    const found = plans.find(plan => plan.name === vm)
    if (found) return found
    const others = plans.map(plan => plan.name).join(', ') || 'none: `up` makes them'
    throw new Error(`lab ${this.name} has no VM ${vm}; its VMs: ${others}`)
  }
}

/** Waits for all to end, also when one fails: clearing up must not race with what is still being made. */
async function settled(works: Promise<unknown>[]): Promise<void> {
  const failures = (await Promise.allSettled(works)).filter(result => result.status === 'rejected')
  if (failures[0]) throw failures[0].reason
}
