import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../api/errors.ts'
import { parseListOptions } from './list-options.ts'

const parse = (query: string, watching = false) => parseListOptions(new URLSearchParams(query), watching)

describe('the options of a list', () => {
  const cases: [string, object][] = [
    ['', { resourceVersion: undefined, match: undefined, limit: 0, continue: undefined, timeoutSeconds: undefined }],
    ['resourceVersion=0', { resourceVersion: 0 }],
    ['resourceVersion=7&resourceVersionMatch=Exact', { resourceVersion: 7, match: 'Exact' }],
    ['resourceVersion=0&resourceVersionMatch=NotOlderThan', { resourceVersion: 0, match: 'NotOlderThan' }],
    ['limit=500', { limit: 500 }],
    ['limit=-1', { limit: 0 }],
    ['limit=', { limit: 0 }],
    ['timeoutSeconds=0', { timeoutSeconds: 0 }],
    ['sendInitialEvents=', { sendInitialEvents: false }],
  ]
  for (const [query, expected] of cases)
    it(query || 'none', () => assert.partialDeepStrictEqual(parse(query), expected))
})

describe('the options of a watch', () => {
  const cases: [string, object][] = [
    ['resourceVersion=7', { resourceVersion: 7, allowBookmarks: false, sendInitialEvents: false }],
    ['allowWatchBookmarks=true', { allowBookmarks: true }],
    ['allowWatchBookmarks=1', { allowBookmarks: true }],
    ['allowWatchBookmarks=false', { allowBookmarks: false }],
    ['sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan', { sendInitialEvents: true }],
    ['sendInitialEvents=false&resourceVersionMatch=NotOlderThan', { sendInitialEvents: false }],
    ['timeoutSeconds=30', { timeoutSeconds: 30 }],
  ]
  for (const [query, expected] of cases) it(query, () => assert.partialDeepStrictEqual(parse(query, true), expected))
})

/** After the table of resource version parameters in Kubernetes' API concepts. */
const refused: [string, 'list' | 'watch', number, RegExp][] = [
  ['resourceVersionMatch=Exact', 'list', 422, /forbidden unless resourceVersion is provided/],
  ['resourceVersion=0&resourceVersionMatch=Exact', 'list', 422, /"exact" is forbidden for resourceVersion "0"/],
  ['resourceVersion=5&resourceVersionMatch=Newest', 'list', 422, /supported values: "Exact", "NotOlderThan"/],
  ['resourceVersion=5&resourceVersionMatch=Exact&continue=abc', 'list', 422, /forbidden when continue is provided/],
  ['resourceVersion=5&continue=abc', 'list', 400, /not allowed when using continue/],
  ['sendInitialEvents=true', 'list', 422, /sendInitialEvents is forbidden for list/],
  ['sendInitialEvents=false', 'list', 422, /sendInitialEvents is forbidden for list/],
  ['continue=abc', 'list', 400, /continue/],
  ['limit=many', 'list', 400, /limit: strconv.ParseInt: parsing "many": invalid syntax/],
  ['limit=1e3', 'list', 400, /limit/],
  ['limit=99999999999999999999', 'list', 400, /limit/],
  ['timeoutSeconds=1.5', 'list', 400, /timeoutSeconds/],
  ['resourceVersion=new', 'list', 422, /resourceVersion: Invalid value: "new"/],
  ['resourceVersion=-1', 'list', 422, /resourceVersion/],
  ['resourceVersion=1.5', 'watch', 422, /resourceVersion/],
  ['resourceVersion=99999999999999999999', 'watch', 422, /resourceVersion/],
  ['resourceVersionMatch=NotOlderThan', 'watch', 422, /forbidden for watch unless sendInitialEvents is provided/],
  [
    'sendInitialEvents=true&allowWatchBookmarks=true',
    'watch',
    422,
    /requires setting resourceVersionMatch to NotOlderThan/,
  ],
  ['sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=Exact', 'watch', 422, /NotOlderThan/],
  ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 'watch', 422, /requires allowWatchBookmarks/],
]

describe('refused', () => {
  for (const [query, kind, code, message] of refused) {
    it(`${kind} ${query}`, () =>
      assert.throws(
        () => parse(query, kind === 'watch'),
        error => {
          assert.ok(error instanceof ApiError, String(error))
          assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message)
          return true
        },
      ))
  }
})
