import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ApiError, REASON_CODES } from '../../api/errors.ts'
import { CompactedError, StoreUnavailableError } from '../storage/store.ts'
import { refusal, statusResponse } from './answer.ts'

describe('the table of reasons', () => {
  const page = readFileSync(new URL('../../docs/request.md', import.meta.url), 'utf8')
  const documented = new Map(
    [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, reason, code]) => [reason, Number(code)]),
  )

  it('is the one in docs/request.md', () => {
    assert.deepEqual(Object.fromEntries(documented), { ...REASON_CODES })
  })

  for (const [reason, code] of Object.entries(REASON_CODES)) {
    it(`${reason} is ${code}, as a Status`, () => {
      const response = statusResponse(new ApiError(reason, 'why'))
      const status = JSON.parse(Buffer.from(response.body as Uint8Array).toString())
      const { kind, apiVersion, message } = status
      assert.deepEqual({ kind, apiVersion, message }, { kind: 'Status', apiVersion: 'v1', message: 'why' })
      assert.deepEqual([response.status, status.code, status.reason, status.status], [code, code, reason, 'Failure'])
    })
  }
})

describe('errors of other sorts', () => {
  const cases: [string, unknown, number, string, boolean][] = [
    ['a refusal stays what it is', new ApiError('Conflict', 'x'), 409, 'Conflict', false],
    ['a store that cannot serve', new StoreUnavailableError('no leader'), 503, 'ServiceUnavailable', false],
    ['a revision that is gone', new CompactedError(5), 410, 'Expired', false],
    ['a mistake of ours', new TypeError('x of undefined'), 500, 'InternalError', true],
  ]
  for (const [what, error, code, reason, logged] of cases) {
    it(`${what}: ${code}`, () => {
      const seen: unknown[] = []
      const refused = refusal(error, unforeseen => seen.push(unforeseen))
      assert.deepEqual([refused.code, refused.reason, seen.length === 1], [code, reason, logged])
      if (logged) assert.doesNotMatch(refused.message, /undefined/, 'what went wrong inside is not told outside')
    })
  }

  it('says when to come again', () => {
    const response = statusResponse(new ApiError('TooManyRequests', 'x', { retryAfterSeconds: 7 }))
    assert.equal(response.headers['retry-after'], '7')
  })
})
