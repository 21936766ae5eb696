import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Channel } from '../../etcd/client/channel.ts'
import { EmptyRequest, HashKvRequest, HashKvResponse, StatusResponse } from '../../etcd/proto/control-messages.ts'
import { systemClock } from '../../platform/clock.ts'
import { randomBelow, seededRandom } from '../../platform/random.ts'
import { startMembers } from '../etcd/cluster.ts'
import { WriteLoad } from '../etcd/load.ts'
import { EtcdProcess, KUBOX_ETCD } from '../etcd/servers.ts'
import { eventually } from '../support/eventually.ts'

const STATUS = [EmptyRequest, StatusResponse] as const
const HASH = [HashKvRequest, HashKvResponse] as const

/** KUBOX_KILLS=200 KUBOX_FILE_MINUTES=60 for the long run: five minutes, or twenty on a machine that is busy. */
const KILLS = Number(process.env.KUBOX_KILLS ?? 12)
/** What takes a second may take a minute on a machine that has other things to do. */
const PATIENCE_MS = 120_000
const stopAtEnd: EtcdProcess[] = []
after(() => Promise.all(stopAtEnd.map(server => server.stop())))

describe(`kill -9, ${KILLS} times, under write load`, () => {
  it('one member loses nothing that it acknowledged', { timeout: 300_000 + KILLS * 20_000 }, async () => {
    const server = await EtcdProcess.start({ command: KUBOX_ETCD })
    stopAtEnd.push(server)
    const load = new WriteLoad(() => [server.endpoint], 8)
    const random = seededRandom(1)
    for (let kill = 1; kill <= KILLS; kill++) {
      await writesGoOn(load, [server])
      await new Promise(resolve => systemClock.after(randomBelow(random, 50), () => resolve(undefined)))
      await server.kill()
      await server.restart()
      await server.ready()
      assert.deepEqual(await load.lost(server.endpoint), [], `after kill ${kill}\n${await server.log()}`)
    }
    await load.stop()
    assert.deepEqual(await load.lost(server.endpoint), [])
    console.log(`${load.total} writes acknowledged over ${KILLS} kills, none lost`)
  })

  it('three members lose nothing, and end alike', { timeout: 300_000 + KILLS * 20_000 }, async () => {
    const members = await startMembers(3)
    stopAtEnd.push(...members)
    const load = new WriteLoad(() => members.map(member => member.endpoint), 8)
    const random = seededRandom(2)
    for (let kill = 1; kill <= KILLS; kill++) {
      const victim = members[randomBelow(random, members.length)]!
      await writesGoOn(load, members)
      await victim.kill()
      await writesGoOn(load, members)
      await victim.restart()
      await victim.ready()
    }
    await load.stop()
    for (const member of members) assert.deepEqual(await load.lost(member.endpoint), [], member.spec.name)
    await eventually({ what: 'all members have equal hashes', deadlineMs: PATIENCE_MS }, async () => {
      const hashes = await Promise.all(members.map(hashOf))
      return new Set(hashes).size === 1
    })
    console.log(`${load.total} writes acknowledged over ${KILLS} kills, longest gap ${Math.round(load.longestGap)} ms`)
  })
})

describe('the leader of three is lost', () => {
  // How long that takes is what `npm run bench:etcd` measures.
  it('and another accepts writes; none is lost to the old one when it is back', { timeout: 600_000 }, async () => {
    const members = await startMembers(3)
    stopAtEnd.push(...members)
    for (let round = 0; round < 3; round++) {
      const leader = await leaderOf(members)
      const others = members.filter(member => member !== leader)
      const load = new WriteLoad(() => others.map(member => member.endpoint), 4)
      await writesGoOn(load, members)
      await leader.kill()
      await writesGoOn(load, members)
      await load.stop()
      await leader.restart()
      await leader.ready()
      assert.deepEqual(await load.lost(leader.endpoint), [], `round ${round}`)
    }
  })
})

describe('a leader that was suspended', () => {
  it('steps down by term when it returns, and says so in one line', { timeout: 600_000 }, async () => {
    const members = await startMembers(3)
    stopAtEnd.push(...members)
    const leader = await leaderOf(members)
    const others = members.filter(member => member !== leader)
    const before = await timesSteppedDown(leader)
    process.kill(leader.pid, 'SIGSTOP')
    try {
      await eventually({ what: 'another member leads', deadlineMs: PATIENCE_MS }, () => findLeader(others))
    } finally {
      process.kill(leader.pid, 'SIGCONT')
    }
    const what = 'the old leader steps down'
    await eventually({ what, deadlineMs: PATIENCE_MS, evidence: () => leader.log() }, async () => {
      return (await timesSteppedDown(leader)) > before
    })
    assert.equal(await timesSteppedDown(leader), before + 1)
  })
})

function timesSteppedDown(member: EtcdProcess): Promise<number> {
  return member.logged(/"from":"leader","to":"follower".*"reason":"[^"]*term/)
}

async function writesGoOn(load: WriteLoad, members: readonly EtcdProcess[]): Promise<void> {
  const before = load.total
  const evidence = async () => (await Promise.all(members.map(member => member.log()))).join('\n---\n')
  const options = { what: 'writes go on', deadlineMs: PATIENCE_MS, everyMs: 10, evidence }
  await eventually(options, async () => load.total > before + 20)
}

async function ask<T>(member: EtcdProcess, run: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = new Channel({ endpoints: [member.endpoint], clock: systemClock })
  try {
    return await run(channel)
  } finally {
    channel.close()
  }
}

async function hashOf(member: EtcdProcess): Promise<number> {
  const answer = await ask(member, channel => channel.unary('/etcdserverpb.Maintenance/HashKV', HASH, {}))
  return answer.hash
}

function leaderOf(members: readonly EtcdProcess[]): Promise<EtcdProcess> {
  return eventually({ what: 'a member leads', deadlineMs: PATIENCE_MS }, () => findLeader(members))
}

async function findLeader(members: readonly EtcdProcess[]): Promise<EtcdProcess | undefined> {
  for (const member of members) {
    const status = await ask(member, channel => channel.unary('/etcdserverpb.Maintenance/Status', STATUS, {}))
    if (status.leader === status.header!.memberId) return member
  }
  return undefined
}
