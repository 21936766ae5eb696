import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { AddressKeeper } from './address-keeper.ts'

describe('the address of a machine', () => {
  const AWAY = ''
  const CASES: [title: string, measured: string[], told: string[]][] = [
    ['that stays is told to nobody', ['10.0.0.1', '10.0.0.1'], []],
    ['that changes is told once', ['10.0.0.1', '10.0.0.2', '10.0.0.2'], ['10.0.0.2']],
    ['that comes back is told again', ['10.0.0.2', '10.0.0.1'], ['10.0.0.2', '10.0.0.1']],
    ['stays as it was while the API server is away', [AWAY, AWAY, '10.0.0.1'], []],
    ['that changed while the API server was away', [AWAY, '10.0.0.3'], ['10.0.0.3']],
  ]
  for (const [title, measured, expected] of CASES) {
    it(title, async () => {
      const clock = new FakeClock()
      const told: string[] = []
      const left = [...measured]
      const measure = async () => {
        const address = left.shift()
        if (!address) throw new Error('no route')
        return address
      }
      const changed = (address: string) => void told.push(address)
      const keeper = new AddressKeeper({ first: '10.0.0.1', measure, clock, log: new MemoryLog('test'), changed })
      keeper.start()
      for (const _ of measured) {
        clock.advance(10_000)
        await new Promise(resolve => setImmediate(resolve))
      }
      keeper.stop()
      assert.deepEqual(told, expected)
      assert.equal(keeper.address, expected.at(-1) ?? '10.0.0.1')
    })
  }
})
