import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isReadySince } from './settle.ts'

describe('isReadySince', () => {
  const since = Date.parse('2026-05-01T10:00:07.600Z')
  const cases: [string, { status: string; lastHeartbeatTime?: string } | undefined, boolean][] = [
    ['has not said anything', undefined, false],
    ['was Ready when its agent was replaced', { status: 'True', lastHeartbeatTime: '2026-05-01T09:59:58Z' }, false],
    ['is Ready within the same second', { status: 'True', lastHeartbeatTime: '2026-05-01T10:00:07Z' }, true],
    ['is Ready later', { status: 'True', lastHeartbeatTime: '2026-05-01T10:00:09Z' }, true],
    ['is not Ready yet', { status: 'False', lastHeartbeatTime: '2026-05-01T10:00:09Z' }, false],
    ['is called Ready by whoever made it', { status: 'True' }, false],
  ]
  for (const [name, ready, expected] of cases) {
    it(`a node that ${name}: ${expected ? 'yes' : 'no'}`, () => {
      const conditions = [{ type: 'DiskPressure', status: 'True' }, ...(ready ? [{ type: 'Ready', ...ready }] : [])]
      assert.equal(isReadySince({ status: { conditions } }, since), expected)
    })
  }
})
