import { type Processes, runChecked } from '../../platform/processes.ts'

/** The packet filter's one door: a whole set of chains replaced in one transaction, or nothing changed. */
export interface PacketFilter {
  /** `rules` in the form of iptables-save; the chains it declares are emptied and filled anew, others stay. */
  apply(rules: string): Promise<void>
  /** Makes `chain` jump to `target` first of all, once. */
  jump(table: string, chain: string, target: string): Promise<void>
}

export function iptablesFilter(processes: Processes): PacketFilter {
  return {
    async apply(rules) {
      await runChecked(processes, 'iptables-restore', ['--noflush', '--wait', '5'], { input: rules })
    },
    async jump(table, chain, target) {
      const rule = ['-j', target]
      const there = await processes.run('iptables', ['-w', '5', '-t', table, '-C', chain, ...rule])
      if (there.code !== 0) await runChecked(processes, 'iptables', ['-w', '5', '-t', table, '-I', chain, '1', ...rule])
    },
  }
}
