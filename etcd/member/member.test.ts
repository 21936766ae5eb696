import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FakeClock, systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { openMember } from '../member.ts'
import { PutRequest, RangeRequest } from '../proto/messages.ts'
import { takeBackup } from './backups.ts'
import { type AutoCompaction, CompactionPlan } from './compactor.ts'
import { clusterId, idNumber, idText, memberId } from './identity.ts'
import { checkAddition } from './roster.ts'

const directories: string[] = []
after(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubox-member-'))
  directories.push(directory)
  return directory
}

describe('identity', () => {
  it("computes etcd's own ids from etcd's default flags", () => {
    const id = memberId(['http://localhost:2380'], 'etcd-cluster')
    assert.equal(id, '8e9e05c52164694d')
    assert.equal(clusterId([id]), 'cdf818194e3a8c32')
  })

  it('turns ids into numbers and back', () => {
    for (const id of ['8e9e05c52164694d', '00000000000000ff', 'ffffffffffffffff'])
      assert.equal(idText(idNumber(id)), id)
    assert.equal(idNumber(''), 0n)
  })
})

describe('CompactionPlan', () => {
  const MINUTE = 60_000
  const cases: [string, AutoCompaction, [minute: number, revision: number][], number[]][] = [
    [
      'is off',
      { mode: 'off' },
      [
        [0, 5],
        [100, 50],
      ],
      [0, 0],
    ],
    [
      'keeps so many revisions',
      { mode: 'revision', retention: 10 },
      [
        [0, 5],
        [5, 15],
        [10, 15],
        [15, 30],
      ],
      [0, 5, 0, 20],
    ],
    [
      'keeps the revisions of so much time',
      { mode: 'periodic', retentionMs: 10 * MINUTE },
      [
        [0, 5],
        [5, 10],
        [10, 20],
        [15, 30],
        [20, 30],
        [30, 30],
      ],
      [0, 0, 5, 10, 20, 30],
    ],
    [
      'does not compact twice to one revision',
      { mode: 'periodic', retentionMs: MINUTE },
      [
        [0, 5],
        [1, 5],
        [2, 5],
      ],
      [0, 5, 0],
    ],
  ]
  for (const [what, policy, samples, expected] of cases) {
    it(what, () => {
      const plan = new CompactionPlan(policy)
      assert.deepEqual(
        samples.map(([minute, revision]) => plan.decide(revision, minute * MINUTE)),
        expected,
      )
    })
  }
})

describe('checkAddition', () => {
  const member = (id: string, name: string, isLearner = false) => {
    return { id, name, isLearner, clientUrls: [], peerUrls: [`http://${id}:2380`] }
  }
  const started = ['a', 'b', 'c'].map(id => member(id, id))
  const cases: [string, typeof started, { id?: string; url?: string; learner?: boolean }, RegExp | undefined][] = [
    ['a second member', [member('a', 'a')], {}, undefined],
    ['a fourth', started, {}, undefined],
    ['a third while the second has not started', [member('a', 'a'), member('b', '')], {}, /not enough started members/],
    ['a learner while another has not started', [member('a', 'a'), member('b', '')], { learner: true }, undefined],
    ['a second learner', [...started, member('l', 'l', true)], { learner: true }, /too many learner members/],
    ['an address that is taken', started, { url: 'http://b:2380' }, /Peer URLs already exists/],
    ['an id that is taken', started, { id: 'b' }, /member ID already exist/],
    ['an address without port', started, { url: 'http://x' }, /given member URLs are invalid/],
    ['an address with a path', started, { url: 'http://x:1/y' }, /given member URLs are invalid/],
  ]
  for (const [what, roster, { id = 'x', url = 'http://x:2380', learner = false }, message] of cases) {
    it(`${message ? 'refuses' : 'takes'} ${what}`, () => {
      const run = () => checkAddition(roster, { id, peerUrls: [url], learner })
      if (message) assert.throws(run, message)
      else run()
    })
  }
})

describe('Member, alone', () => {
  const machinery = () => ({ disk: systemDisk, clock: systemClock, random: systemRandom, log: new MemoryLog() })

  it('refuses writes beyond its quota until it is disarmed, across a restart, and reads all along', async () => {
    const directory = await newDirectory()
    const options = { name: 'default', directory, quotaBytes: 10_000, ...machinery() }
    const first = await openMember(options)
    await first.ready()
    const put = PutRequest.of({ key: 'large', value: Buffer.alloc(20_000) })
    await first.put(put)
    await assert.rejects(first.put(put), /mvcc: database space exceeded/)
    await first.close()
    const second = await openMember(options)
    await second.ready()
    assert.equal(second.machine.alarms().length, 1)
    await assert.rejects(second.put(PutRequest.of({ key: 'small' })), /database space exceeded/)
    assert.equal((await second.range(RangeRequest.of({ key: 'large' }))).count, 1)
    await second.close()
  })

  it('refuses a request that is too large', async () => {
    const member = await openMember({ name: 'default', directory: await newDirectory(), ...machinery() })
    await member.ready()
    const put = PutRequest.of({ key: 'a', value: Buffer.alloc(2 * 1024 * 1024) })
    await assert.rejects(member.put(put), /etcdserver: request is too large/)
    await member.close()
  })

  it('tells the cluster its name and client addresses', async () => {
    const options = { name: 'master1', clientUrls: ['https://10.0.0.1:2379'], ...machinery() }
    const member = await openMember({ ...options, directory: await newDirectory() })
    await member.ready()
    while (member.roster.list()[0]!.clientUrls.length === 0) await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(member.roster.list()[0]!.clientUrls, ['https://10.0.0.1:2379'])
    await member.close()
  })

  it('takes backups and keeps the newest', async () => {
    const directory = await newDirectory()
    const member = await openMember({ name: 'default', directory: join(directory, 'member'), ...machinery() })
    await member.ready()
    const plan = { directory: join(directory, 'backups'), intervalMs: 1000, keep: 2 }
    const clock = new FakeClock()
    for (let i = 0; i < 4; i++) {
      await member.put(PutRequest.of({ key: `k${i}` }))
      await takeBackup(plan, member, systemDisk, clock.now())
      clock.advance(60_000)
    }
    assert.deepEqual(await readdir(plan.directory), ['etcd-20260101T000200Z-4.db', 'etcd-20260101T000300Z-5.db'])
    await member.close()
  })
})
