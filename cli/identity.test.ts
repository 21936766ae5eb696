import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signItself } from '../pki/authority.ts'
import { FakeClock } from '../platform/clock.ts'
import { seededRandom } from '../platform/random.ts'
import { nodeSubject, ranOutAt, servesStill } from './identity.ts'

describe("a node's certificate", () => {
  const clock = new FakeClock()
  const addresses = ['192.168.56.11']
  const about = { subject: nodeSubject('worker1'), usage: 'server', ipAddresses: addresses } as const
  const pair = signItself(about, clock, seededRandom(1))
  const day = 86_400_000
  const CASES: [title: string, days: number, ranOut: boolean, serves: boolean][] = [
    ['new', 0, false, true],
    ['after half a year', 180, false, true],
    ['when it is time for a new one', 300, false, false],
    ['of a VM that slept for two years', 730, true, false],
  ]
  for (const [title, days, ranOut, serves] of CASES) {
    it(title, () => {
      const now = clock.now() + days * day
      assert.equal(ranOutAt(pair, now) !== undefined, ranOut)
      assert.equal(servesStill(pair, addresses, now), serves)
    })
  }

  it('does not serve for an address that it does not name', () => {
    assert.equal(servesStill(pair, ['192.168.56.12'], clock.now()), false)
  })

  it('that is not there has not run out', () => assert.equal(ranOutAt(undefined, clock.now()), undefined))
})
