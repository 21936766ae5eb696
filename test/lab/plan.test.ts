import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createArguments, freeSubnet, planClone, planVms, registryAddress } from './plan.ts'

describe('planVms', () => {
  const vms = planVms('demo', 1, 2)

  it('names masters and workers', () => {
    assert.deepEqual(
      vms.map(vm => [vm.name, vm.role, vm.hostname]),
      [
        ['master1', 'master', 'master1'],
        ['worker1', 'worker', 'worker1'],
        ['worker2', 'worker', 'worker2'],
      ],
    )
  })

  it('gives every adapter and every machine an identity of its own, the same each time', () => {
    const identities = [...vms, ...planVms('other', 1, 2)].flatMap(vm => [vm.mac, vm.natMac, vm.productUuid])
    assert.equal(new Set(identities).size, identities.length)
    assert.deepEqual(planVms('demo', 1, 2), vms)
    for (const vm of vms) {
      assert.match(vm.mac, /^08:00:27(:[0-9a-f]{2}){3}$/)
      assert.match(vm.productUuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    }
  })

  it('clones everything but name and address, and makes the adapter anew only when asked', () => {
    const [original] = vms
    const copy = planClone(original!, 'copy', vms)
    assert.deepEqual(copy, { ...original, name: 'copy', host: 151 })
    assert.equal(planClone(original!, 'copy2', [...vms, copy]).host, 152)
    const renewed = planClone(original!, 'copy', vms, true)
    assert.notEqual(renewed.mac, original!.mac)
    assert.equal(renewed.natMac, original!.natMac)
    assert.throws(() => planClone(original!, 'worker1', vms), /has a VM worker1 already/)
  })

  it('marks the container with its lab and keeps the checkout read-only', () => {
    const args = createArguments(vms[0]!, 'base', '/somewhere', '192.168.160.0/24')
    assert.ok(args.includes('kubox.lab=demo'))
    assert.ok(args.includes('/somewhere:/opt/kubox:ro'))
    assert.equal(args[args.indexOf('--ip') + 1], '192.168.160.11')
    assert.ok(args.includes('k8s.gcr.io:192.168.160.2'))
    assert.equal(args.at(-1), 'base')
  })
})

describe('freeSubnet', () => {
  const cases: [string, string[], string][] = [
    ['takes the first', [], '192.168.160.0/24'],
    ['skips what is in use', ['192.168.160.0/24', '192.168.161.0/24'], '192.168.162.0/24'],
    ['skips what a wider network covers', ['192.168.160.0/23', 'default'], '192.168.162.0/24'],
    ['skips what a single address lies in', ['192.168.160.77', '10.0.2.0/24'], '192.168.161.0/24'],
    ['does not mind IPv6', ['fe80::/64'], '192.168.160.0/24'],
  ]
  for (const [name, taken, expected] of cases) it(name, () => assert.equal(freeSubnet(taken), expected))

  it('says so when none is left', () => {
    assert.throws(() => freeSubnet(['192.168.0.0/16']), /no private network is free/)
  })

  it('leaves the second address to the registry', () => {
    assert.equal(registryAddress('192.168.160.0/24'), '192.168.160.2')
  })
})
