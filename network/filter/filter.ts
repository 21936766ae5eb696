import { type Processes, runChecked } from '../../platform/processes.ts'

/** The packet filter's one door: a whole set of chains replaced in one transaction, or nothing changed. */
export interface PacketFilter {
  /** `rules` in the form of iptables-save; the chains it declares are emptied and filled anew, others stay. */
  apply(rules: string): Promise<void>
  /** Makes `chain` jump to `target` first of all, once. */
  jump(table: string, chain: string, target: string): Promise<void>
  /** Removes `chain` and whatever jumps to it; nothing where it is not there. */
  remove(table: string, chain: string): Promise<void>
}

export function iptablesFilter(processes: Processes): PacketFilter {
  const restore = (rules: string) =>
    runChecked(processes, 'iptables-restore', ['--noflush', '--wait', '5'], { input: rules })
  return {
    async apply(rules) {
      await restore(rules)
    },
    async jump(table, chain, target) {
      const rule = ['-j', target]
      const there = await processes.run('iptables', ['-w', '5', '-t', table, '-C', chain, ...rule])
      if (there.code !== 0) await runChecked(processes, 'iptables', ['-w', '5', '-t', table, '-I', chain, '1', ...rule])
    },
    async remove(table, chain) {
      const saved = await runChecked(processes, 'iptables-save', ['-t', table])
      const removal = removalOf(table, chain, saved)
      if (removal) await restore(removal)
    },
  }
}

/**
 * The transaction that removes a chain from what iptables-save showed: a chain that anything still jumps to cannot go,
 * and more may jump to it than we remember, after an agent was killed while it looked for its jump.
 */
export function removalOf(table: string, chain: string, saved: string): string | undefined {
  const lines = saved.split('\n')
  if (!lines.some(line => line.startsWith(`:${chain} `))) return undefined
  const jumps = lines.filter(line => line.startsWith('-A ') && / -[jg] (\S+)/.exec(line)?.[1] === chain)
  const deletions = jumps.map(line => line.replace('-A ', '-D '))
  return [`*${table}`, ...deletions, `-F ${chain}`, `-X ${chain}`, 'COMMIT', ''].join('\n')
}
