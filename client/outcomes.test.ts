import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../api/errors.ts'
import { unlessGone, unlessMissing, unlessThere } from './outcomes.ts'

const refused = (reason: string, message = 'no') => new ApiError(reason, message)
const UID = 'Precondition failed: UID in precondition: a, UID in object meta: b'

/** What each takes for an answer: `none` is undefined, `error` goes on. */
const CASES: [string, Error | undefined, missing: string, gone: string, there: string][] = [
  ['an answer', undefined, 'answer', 'answer', 'answer'],
  ['nothing of that name', refused('NotFound'), 'none', 'none', 'error'],
  ['another one of that name', refused('Conflict', UID), 'error', 'none', 'error'],
  ['changed by somebody else', refused('Conflict', 'the object has been modified'), 'error', 'error', 'error'],
  ['there already', refused('AlreadyExists'), 'error', 'error', 'none'],
  ['not allowed', refused('Forbidden'), 'error', 'error', 'error'],
  ['no connection', new Error('ECONNREFUSED'), 'error', 'error', 'error'],
]

describe('what counts as done', () => {
  for (const [name, error, ...expected] of CASES) {
    it(name, async () => {
      const asked = () => (error ? Promise.reject(error) : Promise.resolve('answer'))
      const seen = [unlessMissing, unlessGone, unlessThere].map(take =>
        take(asked()).then(
          answer => answer ?? 'none',
          caught => (caught === error ? 'error' : String(caught)),
        ),
      )
      assert.deepEqual(await Promise.all(seen), expected)
    })
  }
})
