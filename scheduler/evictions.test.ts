import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { facts } from '../test/support/scheduling.ts'
import { Evictions } from './evictions.ts'

describe('evictions', () => {
  const [a, b] = [facts('a'), facts('b')]

  it('tell who waited when the last victim has gone', () => {
    const evictions = new Evictions()
    evictions.begin('high', [a, b])
    assert.equal(evictions.gone(a.uid), undefined)
    assert.ok(evictions.awaits('high'))
    assert.equal(evictions.gone(b.uid), 'high')
    assert.ok(!evictions.awaits('high'))
  })
  it('do not mind pods that nobody waits for, nor one that goes twice', () => {
    const evictions = new Evictions()
    evictions.begin('high', [a])
    assert.equal(evictions.gone('stranger'), undefined)
    assert.equal(evictions.gone(a.uid), 'high')
    assert.equal(evictions.gone(a.uid), undefined)
  })
  it('leave a victim to whoever asked first', () => {
    const evictions = new Evictions()
    evictions.begin('first', [a])
    evictions.begin('second', [a, b])
    assert.equal(evictions.gone(b.uid), 'second')
    assert.equal(evictions.gone(a.uid), 'first')
  })
  it('end when victims could not be asked to go', () => {
    const evictions = new Evictions()
    evictions.begin('high', [a, b])
    evictions.end('high')
    assert.ok(!evictions.awaits('high'))
    assert.equal(evictions.gone(a.uid), undefined)
  })
})
