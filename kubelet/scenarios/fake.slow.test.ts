import { describe, it } from 'node:test'
import { startFakeNode } from '../testing/fake-node.ts'
import { SCENARIOS } from './all.ts'

describe('a pod on the fake engine', () => {
  for (const { title, run } of SCENARIOS) {
    it(title, async () => {
      const { runtime, node, driver, stop } = await startFakeNode({ latencyMs: 20 })
      runtime.addImage('dirty-memory', { command: ['fill-memory'] })
      try {
        await run(node, driver)
      } finally {
        await stop()
      }
    })
  }
})
