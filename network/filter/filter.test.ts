import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Processes } from '../../platform/processes.ts'
import { iptablesFilter, removalOf } from './filter.ts'

const saved = (...lines: string[]) => ['# Generated', '*filter', ...lines, 'COMMIT', ''].join('\n')

describe('the transaction that removes a chain', () => {
  const cases = [
    { name: 'no such chain', lines: [':OTHER - [0:0]', '-A OTHER -j RETURN'], removal: undefined },
    { name: 'nothing jumps to it', lines: [':OURS-A - [0:0]'], removal: [] },
    { name: 'one jump', lines: [':OURS-A - [0:0]', '-A USER -j OURS-A'], removal: ['-D USER -j OURS-A'] },
    {
      name: 'the same jump twice',
      lines: [':OURS-A - [0:0]', '-A USER -j OURS-A', '-A USER -j OURS-A'],
      removal: ['-D USER -j OURS-A', '-D USER -j OURS-A'],
    },
    {
      name: 'jumps with conditions, and a goto',
      lines: [':OURS-A - [12:900]', '-A FORWARD -i br0 -j OURS-A', '-A INPUT -g OURS-A', '-A FORWARD -j YOURS-A'],
      removal: ['-D FORWARD -i br0 -j OURS-A', '-D INPUT -g OURS-A'],
    },
    {
      name: 'a jump with a comment that speaks of jumps',
      lines: [':OURS-A - [0:0]', '-A USER -m comment --comment "not -j OURS-A" -j ACCEPT'],
      removal: [],
    },
    {
      name: 'its own rules go with it',
      lines: [':OURS-A - [0:0]', '-A OURS-A -s 10.0.0.0/8 -j ACCEPT'],
      removal: [],
    },
  ]
  for (const { name, lines, removal } of cases) {
    it(name, () => {
      const expected = removal && ['*filter', ...removal, '-F OURS-A', '-X OURS-A', 'COMMIT', ''].join('\n')
      assert.equal(removalOf('filter', 'OURS-', saved(...lines)), expected)
    })
  }
})

describe('the packet filter', () => {
  it('jumps once: a jump that is there is left as it is', async () => {
    for (const { there, calls } of [
      { there: 0, calls: ['-C'] },
      { there: 1, calls: ['-C', '-I'] },
    ]) {
      const seen: string[] = []
      await iptablesFilter(machine(seen, args => (args.includes('-C') ? there : 0))).jump({
        table: 'filter',
        chain: 'USER',
        target: 'OURS-A',
      })
      assert.deepEqual(seen, calls)
    }
  })

  it('says what the filter said when a removal fails', async () => {
    const filter = iptablesFilter(machine([], args => (args.includes('--noflush') ? 4 : 0)))
    await assert.rejects(filter.remove('filter', 'OURS-'), /iptables-restore .*code 4/)
  })
})

/** A machine on which the chain OURS exists, and every program ends with the code that `code` gives. */
function machine(seen: string[], code: (args: readonly string[]) => number): Processes {
  return {
    async run(_command, args) {
      seen.push(...args.filter(arg => /^-[CI]$/.test(arg)))
      return { code: code(args), stdout: saved(':OURS-A - [0:0]'), stderr: 'busy' }
    },
  }
}
