import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Processes } from '../../platform/processes.ts'
import { iptablesFilter, removalOf } from './filter.ts'

const saved = (...lines: string[]) => ['# Generated', '*filter', ...lines, 'COMMIT', ''].join('\n')

describe('the transaction that removes a chain', () => {
  const cases = [
    { name: 'no such chain', lines: [':OTHER - [0:0]', '-A OTHER -j RETURN'], removal: undefined },
    { name: 'a chain whose name only begins so', lines: [':OURS-TOO - [0:0]'], removal: undefined },
    { name: 'nothing jumps to it', lines: [':OURS - [0:0]'], removal: [] },
    { name: 'one jump', lines: [':OURS - [0:0]', '-A USER -j OURS'], removal: ['-D USER -j OURS'] },
    {
      name: 'the same jump twice',
      lines: [':OURS - [0:0]', '-A USER -j OURS', '-A USER -j OURS'],
      removal: ['-D USER -j OURS', '-D USER -j OURS'],
    },
    {
      name: 'jumps with conditions, and a goto',
      lines: [':OURS - [12:900]', '-A FORWARD -i br0 -j OURS', '-A INPUT -g OURS', '-A FORWARD -j OURS-TOO'],
      removal: ['-D FORWARD -i br0 -j OURS', '-D INPUT -g OURS'],
    },
    {
      name: 'its own rules go with it',
      lines: [':OURS - [0:0]', '-A OURS -s 10.0.0.0/8 -j ACCEPT'],
      removal: [],
    },
  ]
  for (const { name, lines, removal } of cases) {
    it(name, () => {
      const expected = removal && ['*filter', ...removal, '-F OURS', '-X OURS', 'COMMIT', ''].join('\n')
      assert.equal(removalOf('filter', 'OURS', saved(...lines)), expected)
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
      await iptablesFilter(machine(seen, args => (args.includes('-C') ? there : 0))).jump('filter', 'USER', 'OURS')
      assert.deepEqual(seen, calls)
    }
  })

  it('says what the filter said when a removal fails', async () => {
    const filter = iptablesFilter(machine([], args => (args.includes('--noflush') ? 4 : 0)))
    await assert.rejects(filter.remove('filter', 'OURS'), /iptables-restore .*code 4/)
  })
})

/** A machine on which the chain OURS exists, and every program ends with the code that `code` gives. */
function machine(seen: string[], code: (args: readonly string[]) => number): Processes {
  return {
    async run(_command, args) {
      seen.push(...args.filter(arg => /^-[CI]$/.test(arg)))
      return { code: code(args), stdout: saved(':OURS - [0:0]'), stderr: 'busy' }
    },
  }
}
