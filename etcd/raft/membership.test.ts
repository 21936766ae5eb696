import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeChange, encodeChange, Membership, type MembershipChange } from './membership.ts'

/** 'A B (C)': two voters and a learner. */
function members(text: string): Membership {
  const words = text.split(' ').filter(word => word)
  return new Membership(
    words.map(word => ({ id: word.replace(/[()]/g, ''), learner: word.startsWith('('), context: '' })),
  )
}

function show(membership: Membership): string {
  return membership.members.map(({ id, learner }) => (learner ? `(${id})` : id)).join(' ')
}

describe('a majority', () => {
  const cases: [string, string[], boolean][] = [
    ['A', ['A'], true],
    ['A B', ['A'], false],
    ['A B', ['A', 'B'], true],
    ['A B C', ['A', 'C'], true],
    ['A B C', ['A', 'A'], false],
    ['A B C', ['A', 'X', 'Y'], false],
    ['A B C D', ['A', 'B'], false],
    ['A B C D', ['A', 'B', 'D'], true],
    ['A B C D E', ['A', 'B', 'C'], true],
    ['A B C (D) (E)', ['A', 'D', 'E'], false],
    ['', [], false],
  ]
  for (const [membership, ids, expected] of cases) {
    it(`of ${membership || 'nobody'} is ${expected ? '' : 'not '}${ids.join(' ') || 'nobody'}`, () => {
      assert.equal(members(membership).isQuorum(ids), expected)
    })
  }
})

describe('what a majority has reached', () => {
  const cases: [string, Record<string, number>, number][] = [
    ['A', { A: 7 }, 7],
    ['A B', { A: 7, B: 3 }, 3],
    ['A B C', { A: 7, B: 3, C: 5 }, 5],
    ['A B C D', { A: 9, B: 8, C: 2, D: 1 }, 2],
    ['A B C D E', { A: 9, B: 8, C: 7, D: 1, E: 1 }, 7],
    ['A (B) (C)', { A: 4, B: 9, C: 9 }, 4],
    ['', {}, 0],
  ]
  for (const [membership, progress, expected] of cases) {
    it(`of ${membership || 'nobody'} at ${JSON.stringify(progress)} is ${expected}`, () => {
      assert.equal(
        members(membership).reachedByQuorum(id => progress[id]!),
        expected,
      )
    })
  }
})

describe('a change of membership', () => {
  const context = 'new'
  const cases: [string, MembershipChange, string][] = [
    ['A', { type: 'add', id: 'B', context }, 'A B'],
    ['A', { type: 'addLearner', id: 'B', context }, 'A (B)'],
    ['A (B)', { type: 'promote', id: 'B' }, 'A B'],
    ['A B', { type: 'remove', id: 'A' }, 'B'],
    ['A (B)', { type: 'remove', id: 'B' }, 'A'],
    ['A (B)', { type: 'update', id: 'B', context }, 'A (B)'],
    ['A', { type: 'add', id: 'A', context }, 'exists'],
    ['A', { type: 'promote', id: 'B' }, 'not-found'],
    ['A', { type: 'update', id: 'B', context }, 'not-found'],
    ['A B', { type: 'promote', id: 'B' }, 'not-learner'],
    ['A (B)', { type: 'remove', id: 'A' }, 'last-voter'],
  ]
  for (const [before, change, expected] of cases) {
    it(`${change.type} ${change.id} of ${before}: ${expected}`, () => {
      const membership = members(before)
      const problem = membership.problemWith(change)
      assert.equal(problem?.problem ?? show(membership.after(change)), expected)
      if (problem) assert.equal(membership.after(change), membership)
    })
  }

  it('keeps what a member is known by, unless it is updated', () => {
    const membership = new Membership([{ id: 'A', learner: true, context: 'old' }])
    assert.equal(membership.after({ type: 'promote', id: 'A' }).get('A')?.context, 'old')
    assert.equal(membership.after({ type: 'update', id: 'A', context }).get('A')?.context, 'new')
  })

  it('survives the log', () => {
    const change: MembershipChange = { type: 'add', id: 'B', context: '{"name":"ü"}' }
    assert.deepEqual(decodeChange(encodeChange(change)), change)
  })
})
