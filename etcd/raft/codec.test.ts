import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeMessage, encodeMessage } from './codec.ts'
import type { Entry, Message, MessageBody, SnapshotMeta } from './message.ts'

const entries: Entry[] = [
  { term: 3, index: 9, type: 'normal', data: Buffer.from([0, 255, 128]) },
  { term: 3, index: 2 ** 40, type: 'config', data: Buffer.alloc(0) },
  { term: 2 ** 33, index: 11, type: 'normal', data: Buffer.from('ü') },
]
const snapshot: SnapshotMeta = { index: 7, term: 2, members: [{ id: 'a', learner: true, context: '{"x":"y"}' }] }

const BODIES: MessageBody[] = [
  { type: 'vote', lastIndex: 3, lastTerm: 2, force: true },
  { type: 'preVoteReply', granted: false, commit: 3, commitTerm: 2 },
  { type: 'append', previousIndex: 8, previousTerm: 3, entries, commit: 5 },
  { type: 'append', previousIndex: 0, previousTerm: 0, entries: [], commit: 0 },
  { type: 'appendReply', index: 9, rejected: true, hintIndex: 4, hintTerm: 1 },
  { type: 'heartbeat', commit: 4, read: 17 },
  { type: 'snapshot', snapshot },
  { type: 'readIndex', context: 2 ** 41 },
  { type: 'timeoutNow' },
  { type: 'chunk', transfer: 8, snapshot, offset: 2 ** 33, data: Buffer.from([1, 2, 3]), last: false },
  { type: 'chunk', transfer: 8, snapshot, offset: 3, data: Buffer.alloc(0), last: true },
  { type: 'chunkReply', transfer: 8, offset: 4, failed: false },
]

describe('a message on the wire', () => {
  for (const body of BODIES) {
    it(`${body.type} arrives as it was sent`, () => {
      const message: Message = { from: 'a1', to: 'b2', term: 12, ...body }
      assert.deepEqual(decodeMessage(encodeMessage(message)), message)
    })
  }

  it('is refused when it ends in the middle', () => {
    const bytes = encodeMessage({ from: 'a', to: 'b', term: 1, ...BODIES[2]! })
    for (const length of [2, 20, bytes.length - 1]) assert.throws(() => decodeMessage(bytes.subarray(0, length)))
  })
})
