import { randomBytes } from 'node:crypto'
import { Command, type Proposal } from '../../etcd/mvcc/command.ts'
import { LeaseClock } from '../../etcd/mvcc/lease-clock.ts'
import { type Applied, Machine } from '../../etcd/mvcc/machine.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Backend, createEtcdStore } from './etcd.ts'
import { storeError } from './failure.ts'
import { watchHub } from './hub-watch.ts'
import { type Store, StoreUnavailableError } from './store.ts'

/** The store of tests: the real state machine with no log under it. Leases run out by the given clock. */
export function createMemoryStore(clock: Clock): Store {
  const machine = new Machine()
  const closed = new AbortController()
  const served = <T>(run: () => T): T => {
    if (closed.signal.aborted) throw closed.signal.reason
    try {
      return run()
    } catch (error) {
      throw storeError(error, () => machine.keyspace.compacted)
    }
  }
  const apply = async (proposal: Proposal): Promise<Applied> => {
    return served(() => machine.apply(Command.of(proposal)))
  }
  const leases = new LeaseClock(machine, clock, id => void apply({ leaseRevoke: { id } }))
  leases.lead()
  const backend: Backend = {
    range: async request => served(() => machine.range(request)),
    txn: async txn => (await apply({ txn })).txn!,
    compact: async revision => void (await apply({ compaction: { revision, physical: false } })),
    async grantLease(ttl) {
      const id = randomBytes(8).readBigInt64BE() & 0x7fffffffffffffffn
      await apply({ leaseGrant: { id, ttl } })
      return id
    },
    watch: (start, end, options) => {
      const revision = () => machine.keyspace.revision
      return watchHub({ hub: machine.hub, clock, revision, closed: closed.signal }, start, end, options)
    },
    health: async () => served(() => {}),
    async close() {
      leases.stop()
      closed.abort(new StoreUnavailableError('the store has been closed'))
    },
  }
  return createEtcdStore(backend)
}
