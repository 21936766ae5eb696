import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UserError } from '../output.ts'
import { movedFlags, refuseConflict } from './revise.ts'

describe('movedFlags', () => {
  const cases: [string, string][] = [
    ['192.168.56.1', '10.0.0.9'],
    ['https://127.0.0.1:2379,https://192.168.56.1:2379', 'https://127.0.0.1:2379,https://10.0.0.9:2379'],
    ['master=https://192.168.56.1:2380', 'master=https://10.0.0.9:2380'],
    ['192.168.56.10', '192.168.56.10'],
    ['1192.168.56.1', '1192.168.56.1'],
    ['192x168x56x1', '192x168x56x1'],
    ['Node,RBAC', 'Node,RBAC'],
  ]
  for (const [before, after] of cases) {
    it(before, () => {
      assert.deepEqual([...movedFlags(new Map([['a', before]]), '192.168.56.1', '10.0.0.9')], [['a', after]])
    })
  }
})

describe('refuseConflict', () => {
  const present = new Map([
    ['secure-port', '6443'],
    ['service-cluster-ip-range', '10.96.0.0/12'],
    ['etcd-servers', 'https://127.0.0.1:2379'],
    ['event-ttl', '2h'],
  ])
  const refused: [string, Record<string, string>, RegExp, RegExp][] = [
    [
      'another port',
      { 'secure-port': '7443' },
      /kube-apiserver\.yaml has --secure-port=6443.*--secure-port=7443/,
      /--apiserver-bind-port/,
    ],
    [
      'another range',
      { 'service-cluster-ip-range': '10.1.0.0/16' },
      /10\.96\.0\.0\/12.*10\.1\.0\.0\/16/,
      /--service-cidr/,
    ],
    ['another store', { 'etcd-servers': 'http://10.0.0.5:2379' }, /127\.0\.0\.1:2379.*10\.0\.0\.5/, /--etcd-servers/],
  ]
  for (const [name, changes, message, remedy] of refused) {
    it(`names both for ${name}`, () => {
      const wanted = new Map([...present, ...Object.entries(changes)])
      assert.throws(
        () => refuseConflict('kube-apiserver', present, wanted, '/m'),
        (error: unknown) =>
          error instanceof UserError && message.test(error.message) && remedy.test(error.remedy ?? ''),
      )
    })
  }
  it('lets users keep flags of their own', () => {
    refuseConflict('kube-apiserver', present, new Map([...present, ['event-ttl', '1h']]), '/m')
  })
})
