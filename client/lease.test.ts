import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LeaseSpec } from '../api/types/coordination-v1.ts'
import { decideLease } from './lease.ts'

const NOW = '2026-01-01T00:00:00.000000Z'

describe('decideLease', () => {
  const theirs: LeaseSpec = { holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: 'old', leaseTransitions: 4 }
  const taken = { holderIdentity: 'a', leaseDurationSeconds: 15, acquireTime: NOW, renewTime: NOW }
  const cases: [string, LeaseSpec, number, LeaseSpec | 'wait'][] = [
    ['nobody ever had it', {}, 0, { ...taken, leaseTransitions: 1 }],
    ['somebody has it', theirs, 0, 'wait'],
    ['somebody has it, almost run out', theirs, 14_999, 'wait'],
    ['run out since we saw it last renewed', theirs, 15_000, { ...taken, leaseTransitions: 5 }],
    ['released', { ...theirs, holderIdentity: '' }, 0, { ...taken, leaseTransitions: 5 }],
    ['a holder with a longer lease of its own', { ...theirs, leaseDurationSeconds: 60 }, 30_000, 'wait'],
    [
      'ours: renewed, the rest kept',
      { ...theirs, holderIdentity: 'a', acquireTime: 'then' },
      1000,
      { holderIdentity: 'a', leaseDurationSeconds: 15, acquireTime: 'then', renewTime: NOW, leaseTransitions: 4 },
    ],
  ]
  for (const [name, spec, age, expected] of cases) {
    it(name, () => {
      const move = decideLease('a', 15_000, { spec, seenAt: 500 }, 500 + age, NOW)
      assert.deepEqual(move, expected === 'wait' ? { move: 'wait' } : { move: 'write', spec: expected })
    })
  }
})
