import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { systemClock } from '../platform/clock.ts'
import { clockOffset } from './clock-offset.ts'

async function offsetOf(date: string | undefined): Promise<number | undefined> {
  const server = createServer((_, response) => {
    response.sendDate = false
    if (date) response.setHeader('Date', date)
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    return await clockOffset(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, systemClock)
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

describe('the clock of a master', () => {
  const inHours = (hours: number) => new Date(systemClock.now() + hours * 3_600_000).toUTCString()
  for (const hours of [0, 2, -26]) {
    it(`${hours} hours ahead`, async () => {
      const offset = await offsetOf(inHours(hours))
      assert.ok(Math.abs(offset! - hours * 3_600_000) < 10_000, `${offset}`)
    })
  }

  it('that says nothing, or no date', async () => {
    assert.equal(await offsetOf(undefined), undefined)
    assert.equal(await offsetOf('yesterday'), undefined)
  })

  it('of a server that is not there', async () => {
    assert.equal(await clockOffset('http://127.0.0.1:1', systemClock), undefined)
  })
})
