import type { Member } from '../../etcd/member.ts'
import { nextTurn } from '../../platform/clock.ts'
import { createEtcdStore } from './etcd.ts'
import { translated } from './failure.ts'
import { watchHub } from './hub-watch.ts'
import type { Store } from './store.ts'

/**
 * The store in this process: requests go to the member as objects, with no socket and no framing. Closing the store closes
 * the member, unless `onClose` says otherwise.
 */
export function createEmbeddedStore(member: Member, onClose: () => Promise<void> = () => member.close()): Store {
  const compacted = () => member.machine.keyspace.compacted
  const together = inTurns()
  return createEtcdStore({
    range: request => translated(member.range(request), compacted),
    txn: request =>
      translated(
        together(() => member.txn(request)),
        compacted,
      ),
    compact: async revision => void (await translated(member.compact(revision), compacted)),
    grantLease: async ttl => (await translated(member.grantLease(0n, ttl), compacted)).id,
    watch: (start, end, options) =>
      watchHub(
        { hub: member.machine.hub, clock: member.clock, revision: () => member.revision, closed: member.closed },
        start,
        end,
        options,
      ),
    health: () => translated(member.readIndex(), compacted),
    close: onClose,
  })
}

/** What is asked within one turn of the event loop is done at its end: so one sync of the disk serves many writes. */
function inTurns() {
  let turn: Promise<void> | undefined
  const end = async () => {
    await nextTurn()
    turn = undefined
  }
  return async <T>(work: () => Promise<T>): Promise<T> => {
    turn ??= end()
    await turn
    return work()
  }
}
