import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readAddresses, writeQuestion } from './answers.ts'
import { parseQuery, TYPES } from './message.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** www.example, an alias for site.example with both kinds of addresses, names written as short as servers write them. */
const ANSWER = hex(`1234 8180 0001 0003 0000 0000
  03 777777 07 6578616d706c65 00 0001 0001
  c00c 0005 0001 0000003c 0007 04 73697465 c010
  c029 0001 0001 0000001e 0004 c0000250
  c029 001c 0001 0000001e 0010 20010db8000000000000000000000080`)

describe('the answer of another server', () => {
  it('is read through its pointers', () => {
    assert.deepEqual(
      readAddresses(ANSWER).map(({ name, seconds, data }) => [name, seconds, data.type]),
      [
        ['www.example', 60, 'CNAME'],
        ['site.example', 30, 'A'],
        ['site.example', 30, 'AAAA'],
      ],
    )
    assert.deepEqual(readAddresses(ANSWER)[1]?.data, { type: 'A', address: '192.0.2.80' })
    assert.deepEqual(readAddresses(ANSWER)[0]?.data, { type: 'CNAME', name: 'site.example' })
  })

  it('that is a trap is refused', () => {
    const circle = hex('1234 8180 0000 0001 0000 0000 c00c 0001 0001 0000001e 0004 c0000250')
    assert.throws(() => readAddresses(circle), /points forward/)
  })

  it('ends in an answer or an error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 200 }), bytes => {
        try {
          readAddresses(Buffer.from(bytes))
        } catch (error) {
          assert.ok(error instanceof Error)
        }
      }),
    )
  })
})

it('a question of our own is one that we would understand', () => {
  const query = parseQuery(writeQuestion(0x1234, 'site.example', TYPES.AAAA))
  assert.deepEqual([query?.id, query?.question.name, query?.question.type], [0x1234, 'site.example', TYPES.AAAA])
})
