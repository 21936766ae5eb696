import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { withLock } from './lock.ts'

const run = promisify(execFile)
const LOCK = JSON.stringify(new URL('./lock.ts', import.meta.url).href)

describe('withLock', () => {
  it('lets in one at a time, and everybody in the end', async () => {
    let inside = 0
    let most = 0
    const visits = Array.from({ length: 8 }, (_, index) =>
      withLock(`test-many-${process.pid}`, async () => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise(resolve => setImmediate(resolve))
        inside -= 1
        return index
      }),
    )
    assert.deepEqual(await Promise.all(visits), [0, 1, 2, 3, 4, 5, 6, 7])
    assert.equal(most, 1)
  })

  it('is released when the work fails', async () => {
    const name = `test-failing-${process.pid}`
    await assert.rejects(
      withLock(name, async () => {
        throw new Error('no luck')
      }),
      /no luck/,
    )
    assert.equal(await withLock(name, async () => 'mine'), 'mine')
  })

  it('does not hold back other names', async () => {
    const both = withLock(`test-outer-${process.pid}`, () => withLock(`test-inner-${process.pid}`, async () => 'both'))
    assert.equal(await both, 'both')
  })

  it('is released when its holder dies in the middle', async () => {
    const name = `test-dying-${process.pid}`
    const dying = `import { withLock } from ${LOCK}
      await withLock(${JSON.stringify(name)}, async () => process.kill(process.pid, 'SIGKILL'))`
    await assert.rejects(run(process.execPath, ['--input-type=module', '-e', dying]), { signal: 'SIGKILL' })
    assert.equal(await withLock(name, async () => 'mine'), 'mine')
  })
})
