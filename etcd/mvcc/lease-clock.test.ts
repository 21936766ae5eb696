import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { Command } from './command.ts'
import { LeaseClock } from './lease-clock.ts'
import { Machine } from './machine.ts'

function setUp() {
  const machine = new Machine()
  const clock = new FakeClock()
  const expired: bigint[] = []
  const checkpoints: [bigint, number][] = []
  const leases = new LeaseClock(
    machine,
    clock,
    id => {
      expired.push(id)
      machine.apply(Command.of({ leaseRevoke: { id } }))
    },
    (id, remaining) => {
      checkpoints.push([id, remaining])
      machine.apply(Command.of({ leaseCheckpoint: [{ id, remaining }] }))
    },
  )
  const grant = (id: bigint, ttl: number) => void machine.apply(Command.of({ leaseGrant: { id, ttl } }))
  return { machine, clock, leases, expired, checkpoints, grant }
}

describe('LeaseClock', () => {
  it('ends a lease when its time is over, once', () => {
    const { clock, leases, expired, grant } = setUp()
    leases.lead()
    grant(1n, 10)
    clock.advance(9_900)
    assert.deepEqual([expired, leases.remaining(1n)], [[], 0])
    clock.advance(5_000)
    assert.deepEqual(expired, [1n])
  })

  it('gives a renewed lease its whole time again', () => {
    const { clock, leases, expired, grant } = setUp()
    leases.lead()
    grant(1n, 10)
    clock.advance(8_000)
    assert.equal(leases.renew(1n), 10)
    clock.advance(8_000)
    assert.deepEqual(expired, [])
    assert.equal(leases.renew(2n), undefined)
  })

  it('lets nothing run out while another member leads, and starts anew when it leads', () => {
    const { clock, leases, expired, grant } = setUp()
    grant(1n, 10)
    clock.advance(60_000)
    assert.deepEqual(expired, [])
    leases.lead()
    clock.advance(9_000)
    assert.deepEqual(expired, [])
    clock.advance(2_000)
    assert.deepEqual(expired, [1n])
  })

  it('writes down the rest of long leases, so that a new leader does not prolong them', () => {
    const { machine, clock, leases, checkpoints, expired, grant } = setUp()
    leases.lead()
    grant(1n, 3600)
    clock.advance(11 * 60_000)
    assert.ok(checkpoints.length >= 2)
    assert.ok(machine.lessor.get(1n)!.remaining <= 3000)
    leases.follow()
    leases.lead()
    clock.advance(3_010_000)
    assert.deepEqual(expired, [1n])
  })

  it('gives no lease less than two seconds', () => {
    const { machine, grant } = setUp()
    grant(1n, 0)
    grant(2n, -5)
    assert.deepEqual([machine.lessor.get(1n)!.ttl, machine.lessor.get(2n)!.ttl], [2, 2])
  })
})
