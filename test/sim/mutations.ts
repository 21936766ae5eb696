import { LeaseClock } from '../../etcd/mvcc/lease-clock.ts'
import { WatchHub } from '../../etcd/mvcc/watch.ts'
import { Candidate } from '../../etcd/raft/candidate.ts'
import { RaftCore } from '../../etcd/raft/core.ts'
import { Follower } from '../../etcd/raft/follower.ts'
import { Leader } from '../../etcd/raft/leader.ts'
import { RaftLog } from '../../etcd/raft/log.ts'
import { Membership } from '../../etcd/raft/membership.ts'
import type { MessageOf } from '../../etcd/raft/message.ts'
import { Progress } from '../../etcd/raft/progress.ts'
import { Wal, type WalBatch } from '../../etcd/wal/wal.ts'
import { SimFile } from './disk.ts'
import type { SimOptions } from './run.ts'

interface Mutation {
  /** Returns what undoes it. */
  make: () => () => void
  /** Where only a rare coincidence shows the mistake, which faults make it less rare. */
  options?: SimOptions
}

/**
 * Mistakes that a programmer could make, each put into the running program from outside. The simulator is worth something
 * if it notices every one of them.
 */
export const MUTATIONS: Record<string, Mutation> = {
  'a sync is skipped': {
    make: () => patch(SimFile.prototype, 'sync', () => async () => {}),
  },

  'a vote counts twice': {
    make: () =>
      patch(
        Candidate.prototype,
        'record',
        original =>
          function (this: Candidate, from: string, granted: boolean) {
            const silent = this.actor.membership.voters.find(id => id !== from && !this.votes.has(id))
            if (granted && silent && from !== this.actor.id) this.votes.set(silent, true)
            original.call(this, from, granted)
          },
      ),
    options: { size: 5, faults: ['hasty candidates', 'bad network', 'cut in two'] },
  },

  'half of the members are a majority': {
    make: () =>
      patchGetter(Membership.prototype, 'quorum', function (this: Membership) {
        return Math.max(1, Math.floor(this.voters.length / 2))
      }),
  },

  'whoever asks gets a vote, however old its log': {
    make: () => patch(RaftLog.prototype, 'isUpToDate', () => () => true),
  },

  'a member votes for several in a term': {
    make: () => patch(RaftCore.prototype, 'mayVoteFor', () => () => true),
    options: { size: 3, faults: ['hasty candidates', 'bad network'] },
  },

  'the vote is not written down': {
    make: () => patchHardState(hardState => ({ ...hardState, vote: '' })),
    options: { size: 3, faults: ['restart between two candidates'] },
  },

  'the term is not written down': {
    make: () => patchHardState(hardState => ({ ...hardState, term: 1 })),
  },

  'entries of earlier terms are committed by counting': {
    make: () =>
      patch(
        Leader.prototype,
        'mayCommit',
        () =>
          function (this: Leader) {
            return true
          },
      ),
    options: { size: 3, faults: ['hasty candidates', 'bad network'] },
  },

  'promises are sent before they are durable': {
    make: () =>
      patch(
        RaftCore.prototype,
        'sendWhenDurable',
        () =>
          function (this: RaftCore, to, body) {
            this.send(to, body)
          },
      ),
    options: { size: 3, faults: ['blackout while the disks are slow', 'blackout'] },
  },

  'the leader counts what it has not synced itself': {
    make: () =>
      patchGetter(RaftLog.prototype, 'stable', function (this: RaftLog) {
        return this.lastIndex
      }),
    options: { size: 3, faults: ['blackout while the disks are slow', 'slow disk', 'crash the leader'] },
  },

  'entries are appended without a look at what is before them': {
    make: () =>
      patch(
        Follower.prototype,
        'handleAppend',
        original =>
          function (this: Follower, message: MessageOf<'append'>) {
            const { log } = this.actor
            const previousTerm = log.term(message.previousIndex) ?? message.previousTerm
            original.call(this, { ...message, previousTerm })
          },
      ),
    options: { size: 3, faults: ['hasty candidates', 'bad network', 'crash the leader'] },
  },

  'a late message cuts off what came after it': {
    make: () =>
      patch(
        RaftLog.prototype,
        'merge',
        original =>
          function (this: RaftLog, entries) {
            const last = entries.at(-1)?.index ?? this.lastIndex
            if (last >= this.commit && last < this.lastIndex) this.cutFrom(last + 1)
            original.call(this, entries)
          },
      ),
    options: { size: 3, faults: ['hasty candidates', 'bad network'] },
  },

  'a follower commits what it has, whether or not it is the same': {
    make: () =>
      patch(
        Follower.prototype,
        'handleAppend',
        original =>
          function (this: Follower, message: MessageOf<'append'>) {
            const { log } = this.actor
            this.actor.commitTo(Math.min(message.commit, log.lastIndex))
            original.call(this, message)
          },
      ),
  },

  'reads are answered without asking whether it still leads': {
    make: () =>
      patch(
        Leader.prototype,
        'read',
        () =>
          function (this: Leader, { from, context }) {
            if (from === this.actor.id) this.actor.answerRead(context, this.actor.log.commit)
            else this.actor.send(from, { type: 'readIndexReply', context, index: this.actor.log.commit })
          },
      ),
  },

  'a new leader answers reads before it knows what is committed': {
    make: () => patch(Leader.prototype, 'knowsCommitted', () => () => true),
    options: { size: 3, faults: ['hasty candidates', 'crash the leader'] },
  },

  'a rejected append counts as accepted': {
    make: () =>
      patch(
        Progress.prototype,
        'rejected',
        () =>
          function (this: Progress, index: number) {
            return this.accepted(index)
          },
      ),
  },

  'a lease runs out before its time': {
    make: () =>
      patch(
        LeaseClock.prototype,
        'granted',
        original =>
          function (this: LeaseClock, lease) {
            original.call(this, { ...lease, ttl: lease.ttl / 2 })
          },
      ),
    options: { size: 3, faults: ['clock jump'] },
  },

  'watches forget what came with a snapshot': {
    make: () => patch(WatchHub.prototype, 'restart', () => () => {}),
  },

  'a removed member keeps its vote': {
    make: () =>
      patch(
        Membership.prototype,
        'after',
        original =>
          function (this: Membership, change) {
            return change.type === 'remove' ? this : original.call(this, change)
          },
      ),
  },
}

type Methods<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T]

/** Puts another method in the place of one; returns what undoes it. */
function patch<T extends object, K extends Methods<T>>(target: T, name: K, make: (original: T[K]) => T[K]): () => void {
  const original = target[name]
  target[name] = make(original)
  return () => {
    target[name] = original
  }
}

function patchGetter<T extends object>(target: T, name: keyof T, get: (this: T) => unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(target, name)!
  Object.defineProperty(target, name, { ...original, get })
  return () => {
    Object.defineProperty(target, name, original)
  }
}

function patchHardState(change: (hardState: NonNullable<WalBatch['hardState']>) => WalBatch['hardState']): () => void {
  return patch(
    Wal.prototype,
    'append',
    original =>
      function (this: Wal, batch: WalBatch) {
        return original.call(this, { ...batch, hardState: batch.hardState && change(batch.hardState) })
      },
  )
}
