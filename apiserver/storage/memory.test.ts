import { FakeClock } from '../../platform/clock.ts'
import { storeContract } from '../../test/contract/store.ts'
import { createMemoryStore } from './memory.ts'

storeContract('memory', async () => {
  const clock = new FakeClock()
  return { store: createMemoryStore(clock), pass: async ms => clock.advance(ms) }
})
