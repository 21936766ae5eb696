import { Channel } from '../../../etcd/client/channel.ts'
import { EmptyRequest, StatusResponse } from '../../../etcd/proto/control-messages.ts'
import { systemClock } from '../../../platform/clock.ts'
import { startMembers } from '../../etcd/cluster.ts'
import { WriteLoad } from '../../etcd/load.ts'
import type { EtcdProcess } from '../../etcd/servers.ts'
import { eventually } from '../../support/eventually.ts'

const STATUS = [EmptyRequest, StatusResponse] as const

/** Kills the leader of three under write load; seconds in which no write was acknowledged. */
export async function leaderLoss(command: readonly string[]): Promise<number> {
  const members = await startMembers(3, { command })
  try {
    const leader = await leaderOf(members)
    const others = members.filter(member => member !== leader)
    const load = new WriteLoad(() => others.map(member => member.endpoint), 4)
    await moreWrites(load)
    load.longestGap = 0
    await leader.kill()
    await moreWrites(load)
    await load.stop()
    return load.longestGap / 1000
  } finally {
    await Promise.all(members.map(member => member.stop()))
  }
}

async function moreWrites(load: WriteLoad): Promise<void> {
  const before = load.total
  await eventually({ what: 'writes go on', everyMs: 10 }, async () => load.total > before + 100)
}

async function leaderOf(members: readonly EtcdProcess[]): Promise<EtcdProcess> {
  for (const member of members) {
    const channel = new Channel({ endpoints: [member.endpoint], clock: systemClock })
    const status = await channel.unary('/etcdserverpb.Maintenance/Status', STATUS, {})
    channel.close()
    if (status.leader === status.header!.memberId) return member
  }
  throw new Error('no member leads')
}
