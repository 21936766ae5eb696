import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node } from '../api/types/core-v1.ts'
import { twinProblem } from './join.ts'

const self = { nodeName: 'worker1', address: '192.168.56.11', machineId: 'aaaa' }

const node = (name: string, machineID: string, address: string): Node => ({
  metadata: { name },
  status: { addresses: [{ type: 'InternalIP', address }], nodeInfo: { machineID } as never },
})

describe('a machine that joins beside', () => {
  const cases: [string, Node, RegExp | undefined, RegExp | undefined][] = [
    ['a stranger', node('worker2', 'bbbb', '192.168.56.12'), undefined, undefined],
    ['its own former self', node('worker1', 'aaaa', '192.168.56.11'), undefined, undefined],
    ['its own former self at another address', node('worker1', 'aaaa', '192.168.56.40'), undefined, undefined],
    [
      'another machine of its name',
      node('worker1', 'bbbb', '192.168.56.12'),
      /another machine is node worker1 already/,
      /hostnamectl.*kubectl delete node worker1/,
    ],
    [
      'the VM it was cloned from',
      node('worker2', 'aaaa', '192.168.56.12'),
      /machine-id of node worker2: it is a clone/,
      /systemd-machine-id-setup/,
    ],
    [
      'a node with its address',
      node('worker2', 'bbbb', '192.168.56.11'),
      /node worker2 has the address 192\.168\.56\.11 already/,
      /MAC address of its own/,
    ],
  ]
  for (const [name, other, message, remedy] of cases) {
    it(name, () => {
      const problem = twinProblem(other, self)
      if (!message) return assert.equal(problem, undefined)
      assert.match(problem?.message ?? '', message)
      assert.match(problem?.remedy ?? '', remedy!)
    })
  }
})
