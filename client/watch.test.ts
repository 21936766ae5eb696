import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeLines, errorFromStatus, eventsOf } from './watch.ts'

async function* pieces(...chunks: (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

describe('decodeLines', () => {
  const cases: [string, string[], unknown[]][] = [
    ['one line', ['{"a":1}\n'], [{ a: 1 }]],
    ['two in one piece', ['1\n2\n'], [1, 2]],
    ['one in three pieces', ['{"a"', ':', '1}\n'], [{ a: 1 }]],
    ['no newline at the end', ['1\n{"a":2}'], [1, { a: 2 }]],
    ['a torn last line is dropped', ['1\n{"a":'], [1]],
    ['empty lines say nothing', ['\n\n1\n\r\n'], [1]],
    ['nothing', [], []],
  ]
  for (const [name, chunks, expected] of cases) {
    it(name, async () => assert.deepEqual((await Array.fromAsync(decodeLines(pieces(...chunks)))).flat(1), expected))
  }

  it('gives the same whatever pieces the bytes arrive in', async () => {
    const documents = fc.array(fc.jsonValue(), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(documents, fc.array(fc.nat(40), { maxLength: 20 }), async (values, sizes) => {
        const bytes = Buffer.from(values.map(value => `${JSON.stringify(value)}\n`).join(''))
        const chunks: Uint8Array[] = []
        let at = 0
        for (const size of [...sizes, bytes.length]) {
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        const expected = values.map(value => JSON.parse(JSON.stringify(value)))
        assert.deepEqual((await Array.fromAsync(decodeLines(pieces(...chunks)))).flat(1), expected)
      }),
      { numRuns: 200 },
    )
  })
})

describe('eventsOf', () => {
  it('throws what an ERROR event carries', async () => {
    const lines = [
      '{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n',
      '{"type":"ERROR","object":{"kind":"Status","reason":"Expired","code":410,"message":"too old"}}\n',
    ]
    const seen: string[] = []
    await assert.rejects(
      async () => {
        for await (const event of eventsOf(decodeLines(pieces(...lines)))) seen.push(event.type)
      },
      { reason: 'Expired', code: 410, message: 'too old' },
    )
    assert.deepEqual(seen, ['ADDED'])
  })
})

describe('errorFromStatus', () => {
  const cases: [string, Parameters<typeof errorFromStatus>[0], number, string, number][] = [
    ['what the status says', { reason: 'Conflict', code: 409, message: 'm' }, 500, 'Conflict', 409],
    ['Gone is Expired', { reason: 'Gone', code: 410 }, 410, 'Expired', 410],
    ['no reason: by the code', { message: 'not a status' }, 404, 'NotFound', 404],
    ['an unknown code', {}, 418, 'InternalError', 418],
  ]
  for (const [name, status, httpStatus, reason, code] of cases) {
    it(name, () => {
      const error = errorFromStatus(status, httpStatus)
      assert.deepEqual([error.reason, error.code], [reason, code])
    })
  }
})
