import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nameFlow } from './naming.ts'
import type { CompiledSchema } from './plan.ts'

const schema = (uid: string) => ({ uid, level: { uid: `level of ${uid}` } }) as CompiledSchema

describe('the headers that name a flow', () => {
  it('of shared headers are shared as well, until the schema is another', () => {
    const headers = Object.freeze({ 'content-type': 'a' })
    const [one, two] = [schema('1'), schema('2')]
    const name = (of: CompiledSchema) => nameFlow({ status: 200, headers }, of).headers
    assert.equal(name(one), name(one))
    assert.ok(Object.isFrozen(name(one)))
    assert.deepEqual(name(two), {
      'content-type': 'a',
      'x-kubernetes-pf-flowschema-uid': '2',
      'x-kubernetes-pf-prioritylevel-uid': 'level of 2',
    })
    one.uid = '3'
    assert.equal(name(one)['x-kubernetes-pf-flowschema-uid'], '3')
  })

  it('leave those of an answer of its own alone', () => {
    const headers = { 'content-type': 'a' }
    assert.equal(nameFlow({ status: 200, headers }, schema('1')).headers['x-kubernetes-pf-flowschema-uid'], '1')
    assert.deepEqual(headers, { 'content-type': 'a' })
  })
})
