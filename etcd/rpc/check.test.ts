import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Compare, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, type TxnRequest } from '../proto/messages.ts'
import { checkDeleteRange, checkPut, checkRange, checkTxn } from './check.ts'

const put = (key: string) => RequestOp.of({ requestPut: PutRequest.of({ key }) })
const remove = (key: string, rangeEnd = '') =>
  RequestOp.of({ requestDeleteRange: DeleteRangeRequest.of({ key, rangeEnd }) })
const nested = (success: RequestOp[], failure: RequestOp[] = []) =>
  RequestOp.of({ requestTxn: { compare: [], success, failure } })
const txn = (success: RequestOp[], failure: RequestOp[] = [], compare: Compare[] = []): TxnRequest => ({
  compare,
  success,
  failure,
})

describe('checks of single requests', () => {
  const cases: [string, () => void, RegExp | undefined][] = [
    ['a range without key', () => checkRange(RangeRequest.of({})), /^EtcdError: etcdserver: key is not provided$/],
    [
      'a range sorted by nothing known',
      () => checkRange(RangeRequest.of({ key: 'a', sortTarget: 9 })),
      /invalid sort option/,
    ],
    ['a range in no known order', () => checkRange(RangeRequest.of({ key: 'a', sortOrder: 3 })), /invalid sort option/],
    ['a good range', () => checkRange(RangeRequest.of({ key: 'a', sortOrder: 2, sortTarget: 4 })), undefined],
    ['a put without key', () => checkPut(PutRequest.of({})), /key is not provided/],
    [
      'a value that is to be ignored',
      () => checkPut(PutRequest.of({ key: 'a', value: Buffer.from('x'), ignoreValue: true })),
      /value is provided/,
    ],
    [
      'a lease that is to be ignored',
      () => checkPut(PutRequest.of({ key: 'a', lease: 1n, ignoreLease: true })),
      /lease is provided/,
    ],
    ['a deletion without key', () => checkDeleteRange(DeleteRangeRequest.of({})), /key is not provided/],
  ]
  for (const [what, run, expected] of cases) {
    it(what, () => (expected ? assert.throws(run, expected) : run()))
  }
})

describe('checks of transactions', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => put(`k${i}`))
  const duplicate = /duplicate key given in txn request/
  const cases: [string, TxnRequest, RegExp | undefined][] = [
    ['128 operations', txn(many(128)), undefined],
    ['129 operations', txn(many(129)), /too many operations/],
    [
      '129 operations, nested',
      txn([...many(64), nested(Array.from({ length: 65 }, (_, i) => put(`n${i}`)))]),
      /too many operations/,
    ],
    ['a comparison without key', txn([], [], [Compare.of({})]), /key is not provided/],
    ['an operation that is none', txn([RequestOp.of({})]), /key not found/],
    ['one key twice', txn([put('a'), put('a')]), duplicate],
    ['one key in each branch', txn([put('a')], [put('a')]), undefined],
    ['a key put and deleted', txn([put('a'), remove('a')]), duplicate],
    ['a key put within a deleted range', txn([remove('a', 'c'), put('b')]), duplicate],
    ['a key put at the end of a deleted range', txn([remove('a', 'c'), put('c')]), undefined],
    ['everything from a key on deleted', txn([remove('b', '\0'), put('z')]), duplicate],
    ['overlapping deletions', txn([remove('a', 'c'), remove('b', 'd')]), undefined],
    ['a key put here and in a nested one', txn([put('a'), nested([put('a')])]), duplicate],
    ['a key put in both branches of a nested one', txn([nested([put('a')], [put('a')])]), undefined],
    ['a key put by two nested ones', txn([nested([put('a')]), nested([put('a')])]), duplicate],
    ['a key put by one branch and by a neighbour', txn([nested([], [put('a')]), nested([put('a')])]), duplicate],
    ['a key put by a nested one and deleted here', txn([nested([put('a')]), remove('a')]), duplicate],
    ['a key put here and deleted by a nested one', txn([put('a'), nested([remove('a')])]), duplicate],
  ]
  for (const [what, request, expected] of cases) {
    it(what, () => (expected ? assert.throws(() => checkTxn(request), expected) : checkTxn(request)))
  }
})
