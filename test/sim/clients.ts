import { DiskFullError, NotLeaderError, ProposalLostError, UnavailableError } from '../../etcd/raft/errors.ts'
import type { Cluster } from './cluster.ts'
import type { Call } from './linearize.ts'
import type { Operation, Outcome } from './model.ts'

/** Keys of one group may appear in one transaction. */
const GROUPS = [
  ['a1', 'a2'],
  ['b1', 'b2'],
  ['c1', 'c2'],
]

/** Errors after which the client knows that nothing has happened. */
const NOTHING_HAPPENED = [NotLeaderError, DiskFullError, UnavailableError, ProposalLostError]

/** Clients, each with one request at a time, and the history of what they asked and were told. */
export class Clients {
  readonly history: Call[] = []
  acknowledged = 0
  stopped = false
  readonly #cluster: Cluster
  #order = 0
  #ids = 0
  /** What was last seen of each key, so that transactions have a chance to succeed. */
  readonly #lastSeen: Record<string, string> = {}

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  start(count: number, pauseMs: number): void {
    for (let client = 0; client < count; client++) void this.#run(`c${client}`, pauseMs)
  }

  async #run(client: string, pauseMs: number): Promise<void> {
    const { world } = this.#cluster
    while (!this.stopped) {
      await world.sleep(world.between(1, 2 * pauseMs))
      if (!this.stopped) await this.call(client, this.#chooseOperation())
    }
  }

  #chooseOperation(): Operation {
    const { world } = this.#cluster
    const keys = world.pick(GROUPS)
    const key = world.pick(keys)
    const value = `v${this.#ids + 1}`
    if (world.chance(0.4)) return { type: 'get', keys }
    if (world.chance(0.6)) return { type: 'put', key, value }
    if (world.chance(0.2)) return { type: 'delete', key }
    const puts = Object.fromEntries(keys.map(each => [each, value]))
    return { type: 'txn', key, expected: this.#lastSeen[key] ?? '', puts }
  }

  /** True where the call was answered. */
  async call(client: string, operation: Operation): Promise<boolean> {
    const { world } = this.#cluster
    const call: Call = { id: `${client}.${++this.#ids}`, operation, invoked: ++this.#order }
    this.history.push(call)
    const answer = await Promise.race([this.#ask(call), world.sleep(2500).then(() => 'unknown' as const)])
    if (answer === 'unknown') return false
    if (answer === 'nothing happened') {
      this.history.splice(this.history.indexOf(call), 1)
      return false
    }
    call.completed = ++this.#order
    call.outcome = answer
    this.acknowledged++
    Object.assign(this.#lastSeen, answer.values)
    world.say(client, `${describe(operation)} -> ${JSON.stringify(answer.values)}${answer.succeeded ? '' : ' failed'}`)
    return true
  }

  /** Reads anywhere; writes at whoever says to be leader, which may be an old one. */
  async #ask({ operation }: Call): Promise<Outcome | 'unknown' | 'nothing happened'> {
    const { up, world } = this.#cluster
    const leaders = up.filter(({ driver }) => driver.core.role.name === 'leader')
    const member = world.pick(operation.type !== 'get' && leaders.length > 0 ? leaders : up)
    if (!member) return 'nothing happened'
    // The request reaches a paused process when it goes on, and a dead one never.
    await world.sleep(0, this.#cluster.members.get(member.id)!.life)
    try {
      if (operation.type === 'get') {
        await member.driver.readIndex()
        return member.machine.read(operation.keys)
      }
      return await member.machine.propose(operation, entry => member.driver.propose(entry))
    } catch (error) {
      return NOTHING_HAPPENED.some(kind => error instanceof kind) ? 'nothing happened' : 'unknown'
    }
  }
}

function describe(operation: Operation): string {
  if (operation.type === 'get') return `get ${operation.keys.join(',')}`
  if (operation.type === 'put') return `put ${operation.key}=${operation.value}`
  if (operation.type === 'delete') return `delete ${operation.key}`
  return `txn if ${operation.key}=${operation.expected} put ${JSON.stringify(operation.puts)}`
}
