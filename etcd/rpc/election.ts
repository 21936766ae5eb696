import { EtcdError, GrpcCode } from '../errors.ts'
import type { Member } from '../member.ts'
import { HeaderResponse } from '../proto/control-messages.ts'
import {
  CampaignRequest,
  CampaignResponse,
  type LeaderKey,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ResignRequest,
} from '../proto/lock-messages.ts'
import { Compare, CompareTarget, DeleteRangeRequest, PutRequest, RequestOp } from '../proto/messages.ts'
import { decodeRequest, type Methods, type ServerCall, unary } from './grpc.ts'
import { Changes, firstInQueue, queuePrefix, queueUp, untilFirst } from './queue.ts'

const notLeader = new EtcdError(GrpcCode.unknown, 'election: not leader')
const noLeader = new EtcdError(GrpcCode.unknown, 'election: no leader')
const noLeaderKey = new EtcdError(GrpcCode.invalidArgument, '"leader" field must be provided')

export function electionMethods(member: Member): Methods {
  return {
    '/v3electionpb.Election/Campaign': unary(CampaignRequest, CampaignResponse, async (request, call) => {
      const prefix = queuePrefix(request.name)
      const { key, createRevision, lease } = await queueUp(member, prefix, request.lease, request.value)
      try {
        await untilFirst(member, prefix, { key, createRevision, lease }, call)
      } catch (error) {
        await member.deleteRange(DeleteRangeRequest.of({ key }))
        throw error
      }
      return { header: member.header(), leader: { name: request.name, key, rev: createRevision, lease } }
    }),
    '/v3electionpb.Election/Proclaim': unary(ProclaimRequest, HeaderResponse, async ({ leader, value }) => {
      const { key, lease } = required(leader)
      const put = RequestOp.of({ requestPut: PutRequest.of({ key, value, lease }) })
      return { header: await asLeader(member, required(leader), put) }
    }),
    '/v3electionpb.Election/Leader': unary(LeaderRequest, LeaderResponse, async ({ name }) => {
      const kv = await firstInQueue(member, queuePrefix(name))
      if (!kv) throw noLeader
      return { header: member.header(), kv }
    }),
    '/v3electionpb.Election/Observe': call => {
      call.onMessage = bytes => {
        observe(member, call, decodeRequest(LeaderRequest, bytes).name).catch(error => call.end(error))
      }
    },
    '/v3electionpb.Election/Resign': unary(ResignRequest, HeaderResponse, async ({ leader }) => {
      const { key } = required(leader)
      const remove = RequestOp.of({ requestDeleteRange: DeleteRangeRequest.of({ key }) })
      return { header: await asLeader(member, required(leader), remove) }
    }),
  }
}

function required(leader: LeaderKey | undefined): LeaderKey {
  if (!leader) throw noLeaderKey
  return leader
}

/** Does something only if the place is still the one that won. */
async function asLeader(member: Member, { key, rev }: LeaderKey, action: RequestOp) {
  const compare = Compare.of({ target: CompareTarget.create, key, createRevision: rev })
  const { succeeded, header } = await member.txn({ compare: [compare], success: [action], failure: [] })
  if (!succeeded) throw notLeader
  return member.header(header!.revision)
}

/** Tells of every leader and of everything that a leader proclaims, from the present one on. */
async function observe(member: Member, call: ServerCall, name: string): Promise<void> {
  const prefix = queuePrefix(name)
  const changes = new Changes(member, prefix, call)
  let told = 0
  try {
    while (!call.closed) {
      const kv = await firstInQueue(member, prefix)
      if (kv && kv.modRevision > told) {
        told = kv.modRevision
        call.send(LeaderResponse.encode({ header: member.header(), kv }))
      }
      await changes.next()
    }
  } finally {
    changes.close()
  }
}
