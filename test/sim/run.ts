import { hashKeys } from '../../etcd/mvcc/hash.ts'
import { Clients } from './clients.ts'
import { Cluster } from './cluster.ts'
import { blackout, chooseFaults } from './faults.ts'
import { Invariants } from './invariants.ts'
import { LeaseCheck } from './leases.ts'
import { findNonlinearizable } from './linearize.ts'
import { Nemesis } from './nemesis.ts'
import { WatchCheck } from './watching.ts'
import { World } from './world.ts'

export interface SimResult {
  seed: number
  /** What went wrong, or undefined. */
  violation: string | undefined
  trace: string[]
  happenings: number
  acknowledged: number
  elections: number
}

export interface SimOptions {
  /** Virtual milliseconds with faults. */
  chaosMs?: number
  faults?: string[]
  size?: number
}

/** Once faults stop, so long may it take until all members are up, agree and take writes. */
const RECOVERY_MS = 20_000

/** One history of one cluster, decided by the seed to the last bit. */
export async function runSeed(seed: number, options: SimOptions = {}): Promise<SimResult> {
  const world = new World(seed)
  const invariants = new Invariants(world)
  const size = options.size ?? world.pick([1, 3, 3, 3, 5])
  const watching = new WatchCheck(world, invariants)
  const cluster = new Cluster(world, invariants, watching, size)
  const clients = new Clients(cluster)
  const names = options.faults ?? chooseFaults(world)
  const faults = new Nemesis(cluster, names)
  world.say('seed', `${seed}: ${size} members; ${names.join(', ')}`)
  world.afterEach = () => watch(world, cluster, invariants)
  cluster.start()
  clients.start(world.pick([3, 6]), world.pick([15, 100]))
  faults.start()
  const leases = new LeaseCheck(world, invariants)
  watching.onDelete = key => leases.ended(key)
  leases.start(cluster, () => !faults.stopped)
  watching.hop(() => cluster.up)
  await runChaos(world, faults, invariants, options.chaosMs ?? 10_000)
  faults.stop()
  // The hardest of all questions to a log: what is left when everybody loses power at once?
  if (world.chance(0.5)) blackout(cluster)
  if (!invariants.violation) await recover(world, cluster, faults, clients, invariants)
  clients.stopped = true
  checkHistory(clients, invariants)
  const elections = invariants.elections
  const { happenings, trace } = world
  return {
    seed,
    violation: invariants.violation,
    trace: trace.lines,
    happenings,
    acknowledged: clients.acknowledged,
    elections,
  }
}

async function runChaos(world: World, faults: Nemesis, invariants: Invariants, chaosMs: number): Promise<void> {
  for (let end = 100; end <= chaosMs && !invariants.violation; end += 100) {
    await world.runUntil(end)
    if (world.stormy) invariants.violate('storm: messages breed messages')
    faults.replaceRefused()
    if (end % 500 === 0) checkLogs(faults.cluster, invariants)
  }
}

function watch(world: World, cluster: Cluster, invariants: Invariants): void {
  for (const { driver } of cluster.up) invariants.commits(driver.core)
  // Some rare happening is worth a closer look at all logs.
  if (world.happenings % 1000 === 0) checkLogs(cluster, invariants)
}

function checkLogs(cluster: Cluster, invariants: Invariants): void {
  for (const { driver } of cluster.up) invariants.logMatching(driver.core)
}

async function recover(
  world: World,
  cluster: Cluster,
  faults: Nemesis,
  clients: Clients,
  invariants: Invariants,
): Promise<void> {
  const deadline = world.now + RECOVERY_MS
  let answered = false
  while (world.now < deadline && !(answered && allAgree(cluster, faults))) {
    faults.replaceRefused()
    void clients.call('final', { type: 'put', key: 'a1', value: `final${world.now}` }).then(ok => {
      answered ||= ok
    })
    await world.runUntil(world.now + 250)
    if (invariants.violation) return
  }
  if (!answered) invariants.violate(`recovery: no write was answered within ${RECOVERY_MS} ms after the last fault`)
  if (!allAgree(cluster, faults)) invariants.violate(`recovery: members do not agree after ${RECOVERY_MS} ms`)
  for (const keys of [
    ['a1', 'a2'],
    ['b1', 'b2'],
    ['c1', 'c2'],
  ])
    void clients.call('final', { type: 'get', keys })
  await world.runUntil(world.now + 1000)
  checkLogs(cluster, invariants)
  checkHashes(cluster, invariants)
}

/** Whoever has applied the same entries holds the same keys with the same history. */
function checkHashes(cluster: Cluster, invariants: Invariants): void {
  const hashes = new Map<number, number>()
  const floor = Math.max(0, ...cluster.up.map(({ machine }) => machine.machine.keyspace.compacted))
  for (const { id, machine } of cluster.up) {
    if (machine.machine.keyspace.compacted !== floor) continue
    const hash = hashKeys(machine.machine.keyspace, machine.machine.keyspace.revision)
    const other = hashes.get(machine.index) ?? hash
    if (other !== hash) invariants.violate(`equal hashes: ${id} differs from others after entry ${machine.index}`)
    hashes.set(machine.index, hash)
  }
}

function allAgree(cluster: Cluster, faults: Nemesis): boolean {
  const leader = cluster.leader
  if (!leader || faults.changing || cluster.diskOfEach.some(member => member.refused || !member.running)) return false
  // All leases of the time of faults must run out in the end.
  if (leader.machine.machine.lessor.count > 0) return false
  const commit = leader.driver.core.log.commit
  return cluster.up.every(
    ({ driver }) => driver.core.log.commit >= commit - 20 && driver.status().applied >= commit - 20,
  )
}

function checkHistory(clients: Clients, invariants: Invariants): void {
  if (invariants.violation) return
  const wrong = findNonlinearizable(clients.history)
  if (!wrong) return
  const lines = wrong.map(({ id, operation, invoked, completed, outcome }) =>
    [`  ${invoked}..${completed ?? '?'}`, id, JSON.stringify(operation), JSON.stringify(outcome) ?? 'unknown'].join(
      ' ',
    ),
  )
  invariants.violate(`linearizability: no order explains these calls\n${lines.join('\n')}`)
}
