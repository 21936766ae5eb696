import { idNumber, idText } from '../member/identity.ts'
import type { Member } from '../member.ts'
import {
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MembersResponse,
  MemberUpdateRequest,
} from '../proto/control-messages.ts'
import { type Methods, unary } from './grpc.ts'

export function clusterMethods(member: Member): Methods {
  return {
    '/etcdserverpb.Cluster/MemberAdd': unary(MemberAddRequest, MemberAddResponse, async request => {
      const id = await member.roster.add(request.peerUrls, request.isLearner)
      const { header, members } = memberList(member)
      return { header, members, member: members.find(each => each.id === idNumber(id)) }
    }),
    '/etcdserverpb.Cluster/MemberRemove': unary(MemberRemoveRequest, MembersResponse, async ({ id }) => {
      await member.roster.change({ type: 'remove', id: idText(id) })
      return memberList(member)
    }),
    '/etcdserverpb.Cluster/MemberUpdate': unary(MemberUpdateRequest, MembersResponse, async ({ id, peerUrls }) => {
      await member.roster.update(idText(id), peerUrls)
      return memberList(member)
    }),
    '/etcdserverpb.Cluster/MemberList': unary(MemberListRequest, MembersResponse, async ({ linearizable }) => {
      if (linearizable) await member.readIndex()
      return memberList(member)
    }),
    '/etcdserverpb.Cluster/MemberPromote': unary(MemberPromoteRequest, MembersResponse, async ({ id }) => {
      await member.roster.change({ type: 'promote', id: idText(id) })
      return memberList(member)
    }),
  }
}

function memberList(member: Member) {
  const members = member.roster.list().map(each => ({ ...each, id: idNumber(each.id) }))
  // Changes of membership are no changes of keys: etcd names no revision here.
  return { header: member.header(0), members }
}
