import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import type { Transport } from '../transport.ts'
import type { StateMachine } from './applier.ts'
import type { Transition } from './core.ts'
import type { Member, MemberId } from './message.ts'
import type { CoreSettings, RoleName } from './role.ts'
import type { RaftStorage } from './storage.ts'

export interface DriverSettings {
  heartbeatMs: number
  electionMs: number
  /** A proposal or read that takes longer is given up. */
  requestMs: number
  /** The log may grow by this much, or by the size of the last snapshot if that is more, before the next is taken. */
  snapshotAfterBytes: number
  /** Entries kept in memory beyond a snapshot, for members that are a little behind. */
  catchUpEntries: number
}

export const DEFAULT_DRIVER_SETTINGS: DriverSettings = {
  heartbeatMs: 100,
  electionMs: 1000,
  requestMs: 7000,
  snapshotAfterBytes: 32 * 1024 * 1024,
  catchUpEntries: 5000,
}

export interface DriverOptions {
  id: MemberId
  /** From createStorage or openStorage; the driver closes it. */
  storage: RaftStorage
  transport: Transport
  clock: Clock
  random: Random
  log: Log
  stateMachine: StateMachine
  settings?: Partial<DriverSettings>
  coreSettings?: Partial<CoreSettings>
  /** Role, term or leader have changed. */
  onTransition?: (transition: Transition) => void
  /** A change of membership is committed; also told once at the start. */
  onMembers?: (members: readonly Member[]) => void
  /** The member has stopped itself, because going on would not be safe. */
  onFailure?: (error: unknown) => void
}

export interface DriverStatus {
  id: MemberId
  role: RoleName
  term: number
  leader: MemberId
  commit: number
  applied: number
  lastIndex: number
  members: readonly Member[]
  /** The log finds no room on the disk. */
  diskFull: boolean
  /** At the leader: how far each of the others has come. */
  match: ReadonlyMap<MemberId, number>
}
