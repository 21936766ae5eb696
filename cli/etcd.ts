import type { Command } from 'commander'
import { ETCD_FLAGS } from './etcd/config.ts'
import { inspectCommand } from './etcd/inspect.ts'
import { runMember } from './etcd/run.ts'
import { snapshotCommand } from './etcd/snapshot.ts'

/** `kubox etcd`: a member of a store alone, with etcd's flags, and tools for its files. */
export function etcdCommand(program: Command): void {
  const command = program
    .command('etcd')
    .description("run a member of the store alone, with etcd's flags")
    .action(options => runMember(new Map(Object.entries(options as Record<string, string>))))
  for (const [name, type] of Object.entries(ETCD_FLAGS)) {
    const note = typeof type === 'object' ? `has no effect: ${type.ignored}` : ''
    const option = command.createOption(`--${name} ${type === 'boolean' ? '[value]' : '<value>'}`, note)
    // Flags keep their own names, so that one reader serves the command line and the manifests.
    option.attributeName = () => name
    command.addOption(type === 'boolean' ? option.preset('true') : option)
  }
  inspectCommand(command)
  snapshotCommand(command)
}
