import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node } from '../api/types/core-v1.ts'
import { MAC_ANNOTATION, macOf, twinProblem } from './twins.ts'

const UUID = '8d5f0b7a-4a0e-4a5e-9d57-0c7f1f2a3b4c'
const MAC = '08:00:27:aa:bb:cc'
const self = { nodeName: 'worker1', address: '192.168.56.11', machineId: 'aaaa', productUuid: UUID, mac: MAC }

const node = (name: string, machineID: string, address: string, systemUUID = 'other', mac = 'other'): Node => ({
  metadata: { name, annotations: { [MAC_ANNOTATION]: mac } },
  status: { addresses: [{ type: 'InternalIP', address }], nodeInfo: { machineID, systemUUID } as never },
})

describe('a machine that joins beside', () => {
  const cases: [string, Node, RegExp | undefined, RegExp | undefined][] = [
    ['a stranger', node('worker2', 'bbbb', '192.168.56.12'), undefined, undefined],
    ['a node that has said nothing yet', { metadata: { name: 'worker2' } }, undefined, undefined],
    ['its own former self', node('worker1', 'aaaa', '192.168.56.11', UUID, MAC), undefined, undefined],
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
      'the VM it was cloned from, with a machine-id of its own',
      node('worker2', 'bbbb', '192.168.56.12', UUID.toUpperCase()),
      /product_uuid 8d5f\S+ of node worker2: it is a clone/,
      /power this VM off.*--hardwareuuid/,
    ],
    [
      'a node with its address',
      node('worker2', 'bbbb', '192.168.56.11'),
      /node worker2 has the address 192\.168\.56\.11 already/,
      /MAC address of its own/,
    ],
    [
      'a node with its MAC address',
      node('worker2', 'bbbb', '192.168.56.12', 'other', MAC),
      /node worker2 has the MAC address 08:00:27:aa:bb:cc/,
      /--macaddress2 auto/,
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

  for (const productUuid of ['', '00000000-0000-0000-0000-000000000000', '03000200-0400-0500-0006-000700080009']) {
    it(`takes ${productUuid || 'no product_uuid'} for no one's`, () => {
      const other = node('worker2', 'bbbb', '192.168.56.12', productUuid)
      assert.equal(twinProblem(other, { ...self, productUuid, mac: undefined }), undefined)
    })
  }
})

describe('macOf', () => {
  const one = (address: string, mac: string) => ({
    address,
    mac,
    family: 'IPv4' as const,
    netmask: '',
    internal: false,
    cidr: null,
  })
  const interfaces = { enp0s3: [one('10.0.2.15', 'a')], enp0s8: [one('192.168.56.11', 'b')] }
  const cases: [string, string | undefined][] = [
    ['192.168.56.11', 'b'],
    ['10.0.2.15', 'a'],
    ['10.9.9.9', undefined],
  ]
  for (const [address, expected] of cases) it(address, () => assert.equal(macOf(address, interfaces), expected))
})
