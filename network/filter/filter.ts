import { type Processes, runChecked } from '../../platform/processes.ts'

export interface Jump {
  table: string
  chain: string
  target: string
}

/** The packet filter's one door: a whole set of chains replaced in one transaction, or nothing changed. */
export interface PacketFilter {
  /** `rules` in the form of iptables-save; the chains it declares are emptied and filled anew, others stay. */
  apply(rules: string): Promise<void>
  /** Makes `chain` jump to `target` first of all, once. */
  jump(jump: Jump): Promise<void>
  /** The chains of a table whose names begin so. */
  chains(table: string, prefix: string): Promise<string[]>
  /** Removes those chains, and whatever jumps to them. */
  remove(table: string, prefix: string): Promise<void>
}

export function iptablesFilter(processes: Processes): PacketFilter {
  const save = (table: string) => runChecked(processes, 'iptables-save', ['-t', table])
  const restore = async (rules: string) => {
    await runChecked(processes, 'iptables-restore', ['--noflush', '--wait', '5'], { input: rules })
  }
  return {
    apply: restore,
    async jump({ table, chain, target }) {
      const rule = ['-j', target]
      const there = await processes.run('iptables', ['-w', '5', '-t', table, '-C', chain, ...rule])
      if (there.code !== 0) await runChecked(processes, 'iptables', ['-w', '5', '-t', table, '-I', chain, '1', ...rule])
    },
    async chains(table, prefix) {
      return chainsIn(await save(table), prefix)
    },
    async remove(table, prefix) {
      const removal = removalOf(table, prefix, await save(table))
      if (removal) await restore(removal)
    },
  }
}

/** The chains that iptables-save showed: a line `:NAME POLICY [PACKETS:BYTES]` each. */
function chainsIn(saved: string, prefix: string): string[] {
  return Array.from(saved.matchAll(/^:(\S+) /gm), ([, name = '']) => name).filter(name => name.startsWith(prefix))
}

/**
 * The transaction that removes our chains: one that anything still jumps to cannot go, and more may jump to it than we
 * remember, after an agent was killed while it looked for its jump.
 */
export function removalOf(table: string, prefix: string, saved: string): string | undefined {
  const chains = chainsIn(saved, prefix)
  if (chains.length === 0) return undefined
  const jumps = saved.split('\n').filter(line => {
    const [, from = '', to = ''] = /^-A (\S+) (?:.* )?-[jg] (\S+)/.exec(line) ?? []
    return to.startsWith(prefix) && !from.startsWith(prefix)
  })
  return [
    `*${table}`,
    ...jumps.map(line => line.replace('-A ', '-D ')),
    ...chains.map(chain => `-F ${chain}`),
    ...chains.map(chain => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n')
}
