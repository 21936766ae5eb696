/** `npm run lab -- VERB ...`: the lab for people. Each verb is one call of lab.ts, which is where to read. */
import { spawnSync } from 'node:child_process'
import { Command, Option } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import { SUITES } from './base.ts'
import { Lab } from './lab.ts'
import { containerName } from './plan.ts'

const program = new Command('lab')
  .description('VMs on this machine, as on VirtualBox')
  .option('--name <lab>', 'which lab', 'lab')
  .enablePositionalOptions()
const lab = () => new Lab(program.opts<{ name: string }>().name)

program
  .command('up')
  .description('make and start VMs: master1, worker1, ...')
  .option('--masters <count>', 'how many masters', Number, 1)
  .option('--workers <count>', 'how many workers', Number, 2)
  .addOption(new Option('--suite <name>', "the VMs' Debian: trixie has a younger systemd and Docker").choices(SUITES))
  .action(async (options: { masters: number; workers: number; suite?: string }) => {
    const started = systemClock.monotonic()
    console.error('making the lab (the first time this builds a base image and takes a minute or two)...')
    await lab().up(options)
    console.error(`up after ${((systemClock.monotonic() - started) / 1000).toFixed(1)} s`)
    await printStatus()
  })

program
  .command('exec <vm> <command...>')
  .description('run a command on a VM: exec master1 -- kubox init')
  .passThroughOptions()
  .action((vm: string, words: string[]) => {
    const command = words[0] === '--' ? words.slice(1) : words
    const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : []
    const args = ['exec', '-i', ...terminal, containerName(lab().name, vm), ...command]
    const { status, error } = spawnSync('docker', args, { stdio: 'inherit' })
    if (error) throw error
    process.exitCode = status ?? 1
  })

verb('copy <from> <to>', 'copy a file or folder; one side is VM:/path', (from, to) => lab().copy(from, to))
verb('reboot <vm>', 'shut down in good order and start again', vm => lab().reboot(vm))
verb('poweroff <vm>', 'pull the plug', vm => lab().poweroff(vm))
verb('poweron <vm>', 'start a VM that is off', vm => lab().poweron(vm))
verb('suspend <vm>', 'freeze a VM, as when the lid closes', vm => lab().suspend(vm))
verb('resume <vm>', 'let it run on', vm => lab().resume(vm))
verb('cut <a> <b>', 'cut the wire between two VMs', (a, b) => lab().cut(a, b))
verb('heal', 'mend all wires', () => lab().heal())
verb('down', 'remove the lab without a trace', () => lab().down())
verb('status', 'list the VMs', printStatus)

program
  .command('clone <vm> [as]')
  .description('copy a VM: same machine-id, hostname, product_uuid and addresses of its adapters')
  .option('--new-mac', 'give the NAT Network adapter an address of its own')
  .action(async (vm: string, as: string | undefined, options: { newMac?: boolean }) => {
    console.log(await lab().clone(vm, { ...options, as }))
  })

function verb(usage: string, description: string, action: (...words: string[]) => Promise<void>): void {
  program
    .command(usage)
    .description(description)
    .action((...words: unknown[]) => action(...words.filter(word => typeof word === 'string')))
}

async function printStatus(): Promise<void> {
  const vms = await lab().status()
  if (!vms.length) console.log(`lab ${lab().name} has no VMs`)
  for (const { name, role, power, address } of vms)
    console.log([name.padEnd(16), role.padEnd(8), power.padEnd(9), address].join(''))
}

try {
  await program.parseAsync()
} catch (error) {
  console.error(`lab: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
