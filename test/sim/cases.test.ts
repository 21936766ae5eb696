import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DiskFullError, MembershipError, NotLeaderError, OutcomeUnknownError } from '../../etcd/raft/errors.ts'
import { Cluster } from './cluster.ts'
import { Invariants } from './invariants.ts'
import type { Operation } from './model.ts'
import { WatchCheck } from './watching.ts'
import { World } from './world.ts'

/** A cluster with nothing wrong, until a test wants it so. */
class Lab {
  readonly world = new World(1)
  readonly invariants = new Invariants(this.world)
  readonly cluster: Cluster

  constructor(size: number) {
    this.cluster = new Cluster(this.world, this.invariants, new WatchCheck(this.world, this.invariants), size)
    this.world.afterEach = () => {
      for (const { driver } of this.cluster.up) this.invariants.commits(driver.core)
    }
    this.cluster.start()
  }

  get leader() {
    return this.cluster.leader!
  }

  get follower() {
    return this.cluster.up.find(({ id }) => id !== this.leader.id)!
  }

  /** Runs until it holds, and says how many milliseconds that took. */
  async until(what: string, holds: () => boolean, withinMs = 10_000): Promise<number> {
    const begin = this.world.now
    while (!holds()) {
      assert.ok(
        this.world.now - begin < withinMs,
        `${what} within ${withinMs} ms\n${this.world.trace.lines.join('\n')}`,
      )
      await this.world.runUntil(this.world.now + 5)
    }
    assert.equal(this.invariants.violation, undefined)
    return this.world.now - begin
  }

  async ready(): Promise<this> {
    await this.until('a leader that has applied all', () => {
      const { leader } = this.cluster
      return leader !== undefined && leader.machine.index === leader.driver.core.log.lastIndex
    })
    return this
  }

  /** Waits in virtual time for what a promise gives. */
  async settled<T>(what: string, promise: Promise<T>): Promise<{ value?: T; error?: unknown }> {
    let result: { value?: T; error?: unknown } | undefined
    promise.then(
      value => {
        result = { value }
      },
      error => {
        result = { error }
      },
    )
    await this.until(what, () => result !== undefined)
    return result!
  }

  put(key: string, value: string, at = this.leader) {
    const operation: Operation = { type: 'put', key, value }
    return at.machine.propose(operation, entry => at.driver.propose(entry))
  }

  async get(key: string, at = this.leader): Promise<string | undefined> {
    const { error } = await this.settled('a read', at.driver.readIndex())
    assert.equal(error, undefined)
    return at.machine.read([key]).values[key]
  }
}

describe('a cluster of three', () => {
  it('takes writes at the leader only, and names it elsewhere', async () => {
    const lab = await new Lab(3).ready()
    const { error } = await lab.settled('the refusal', lab.follower.driver.propose(Buffer.from('x')))
    assert.ok(error instanceof NotLeaderError)
    assert.equal(error.leader, lab.leader.id)
  })

  it('answers reads at every member with what was acknowledged', async () => {
    const lab = await new Lab(3).ready()
    await lab.settled('the write', lab.put('a', '1'))
    for (const member of lab.cluster.up) assert.equal(await lab.get('a', member), '1')
  })

  it('takes writes again soon after its leader is lost', async () => {
    const lab = await new Lab(3).ready()
    const lost = lab.cluster.members.get(lab.leader.id)!
    lost.heldDown = true
    lab.cluster.crash(lost, 'for a test')
    const ms = await lab.until('another leader', () => lab.cluster.leader !== undefined)
    const { error } = await lab.settled('a write', lab.put('a', '1'))
    assert.equal(error, undefined)
    // The election timeout of the simulation is 300 ms.
    assert.ok(ms < 1.5 * 300 + 50, `it took ${ms} ms`)
  })

  it('hands leadership to whom it is asked to, without a pause for a timeout', async () => {
    const lab = await new Lab(3).ready()
    const heir = lab.follower.id
    const { error } = await lab.settled('the hand-over', lab.leader.driver.transferLeader(heir))
    assert.equal(error, undefined)
    assert.equal(lab.leader.id, heir)
  })

  it('says that a write is open when its leader loses leadership meanwhile', async () => {
    const lab = await new Lab(3).ready()
    const { id } = lab.leader
    const others = [...lab.cluster.members.keys()].filter(other => other !== id)
    lab.cluster.network.cut([id], others)
    lab.cluster.network.cut(others, [id])
    const { error } = await lab.settled('the outcome', lab.put('a', '1'))
    assert.ok(error instanceof OutcomeUnknownError, String(error))
  })

  it('brings a member that was away for long up to date by a snapshot', async () => {
    const lab = await new Lab(3).ready()
    const away = lab.cluster.members.get(lab.follower.id)!
    away.heldDown = true
    lab.cluster.crash(away, 'for a test')
    for (let count = 0; count < 150; count++) await lab.settled('a write', lab.put(`a${count % 3}`, `${count}`))
    away.heldDown = false
    lab.cluster.boot(away)
    await lab.until('it has caught up', () => away.running?.machine.index === lab.leader.machine.index)
    assert.ok(lab.world.trace.lines.some(line => line.includes(`${away.id}     received a snapshot from the leader`)))
  })
})

describe('membership', () => {
  it('a leader that is to be removed hands over, then says whom to ask', async () => {
    const lab = await new Lab(3).ready()
    const { id, driver } = lab.leader
    const { error } = await lab.settled('the answer', driver.changeMembership({ type: 'remove', id }))
    assert.ok(error instanceof NotLeaderError, String(error))
    assert.equal(error.leader, lab.leader.id)
    assert.notEqual(error.leader, id)
    const again = await lab.settled('the change', lab.leader.driver.changeMembership({ type: 'remove', id }))
    assert.equal(again.error, undefined)
    assert.equal(lab.leader.driver.status().members.length, 2)
  })

  it('grows from one to three while it is written to', async () => {
    const lab = await new Lab(1).ready()
    for (const fresh of [lab.cluster.addMember(), lab.cluster.addMember()]) {
      const added = lab.leader.driver.changeMembership({ type: 'addLearner', id: fresh.id, context: fresh.id })
      assert.equal((await lab.settled('adding', added)).error, undefined)
      for (let count = 0; count < 20; count++) await lab.settled('a write', lab.put('a', `${count}`))
      await lab.until('it has caught up', () => fresh.running?.machine.index === lab.leader.machine.index)
      const promoted = lab.leader.driver.changeMembership({ type: 'promote', id: fresh.id })
      assert.equal((await lab.settled('promoting', promoted)).error, undefined)
    }
    assert.deepEqual(
      lab.leader.driver.status().members.map(({ learner }) => learner),
      [false, false, false],
    )
  })

  it('refuses what makes no sense, and changes nothing', async () => {
    const lab = await new Lab(3).ready()
    const { error } = await lab.settled(
      'the refusal',
      lab.leader.driver.changeMembership({ type: 'promote', id: 'nobody' }),
    )
    assert.ok(error instanceof MembershipError)
    assert.equal(error.problem, 'not-found')
  })
})

describe('a full disk', () => {
  it('refuses writes cleanly, answers reads, and takes writes again when there is room', async () => {
    const lab = await new Lab(1).ready()
    const { platter } = [...lab.cluster.members.values()][0]!
    await lab.settled('a write', lab.put('a', 'before'))
    platter.capacity = platter.used
    let refused: unknown
    for (let count = 0; !refused && count < 300; count++) {
      refused = (await lab.settled('a write', lab.put('b', `${count}`))).error
    }
    assert.ok(refused instanceof DiskFullError, String(refused))
    assert.equal(await lab.get('a'), 'before')
    platter.capacity = Number.POSITIVE_INFINITY
    await lab.until('room is noticed', () => !lab.leader.driver.status().diskFull, 3000)
    assert.equal((await lab.settled('a write', lab.put('a', 'after'))).error, undefined)
    assert.equal(await lab.get('a'), 'after')
  })
})

describe('a single member', () => {
  it('leads again right after it starts, and never steps down for a slow disk', async () => {
    const lab = await new Lab(1).ready()
    const [member] = lab.cluster.members.values()
    const term = lab.leader.driver.core.term
    member!.platter.slowness = 5000
    await lab.world.runUntil(lab.world.now + 20_000)
    assert.equal(lab.leader.driver.core.term, term)
    member!.platter.slowness = 2
    member!.heldDown = true
    lab.cluster.crash(member!, 'for a test', true)
    await lab.world.runUntil(lab.world.now + 10)
    member!.heldDown = false
    lab.cluster.boot(member!)
    assert.ok((await lab.until('a leader', () => lab.cluster.leader !== undefined)) < 100)
  })
})
