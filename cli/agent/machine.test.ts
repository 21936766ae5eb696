import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryLog } from '../../platform/log.ts'
import type { Processes } from '../../platform/processes.ts'
import { machineGoesDown } from './machine.ts'

/** A machine whose systemd says this of itself. */
const saying = (stdout: string, code: number): Processes => ({
  run: async (command, args) => {
    assert.deepEqual([command, ...args], ['systemctl', 'is-system-running'])
    return { code, stdout: `${stdout}\n`, stderr: '' }
  },
})

describe('an agent that is told to stop', () => {
  const CASES: [said: string, code: number, goesDown: boolean][] = [
    ['stopping', 1, true],
    ['running', 0, false],
    ['degraded', 1, false],
    ['starting', 1, false],
    ['maintenance', 1, false],
    ['offline', 1, false],
    ['unknown', 1, false],
    ['', 137, false],
  ]
  for (const [said, code, goesDown] of CASES) {
    it(`takes the machine for ${goesDown ? 'going down' : 'staying'} when systemd says "${said}"`, async () => {
      assert.equal(await machineGoesDown(saying(said, code), new MemoryLog('test')), goesDown)
    })
  }

  it('takes the machine for staying where there is no systemd, and says so', async () => {
    const log = new MemoryLog('test')
    const none: Processes = { run: () => Promise.reject(new Error('cannot run systemctl: ENOENT')) }
    assert.equal(await machineGoesDown(none, log), false)
    assert.match(log.entries[0]?.message ?? '', /no systemd/)
  })
})
