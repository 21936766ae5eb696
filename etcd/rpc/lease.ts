import { errors } from '../errors.ts'
import type { Member } from '../member.ts'
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from '../proto/control-messages.ts'
import { decodeRequest, type Methods, type ServerCall, unary } from './grpc.ts'

export function leaseMethods(member: Member): Methods {
  return {
    '/etcdserverpb.Lease/LeaseGrant': unary(LeaseGrantRequest, LeaseGrantResponse, async request => {
      const { id, ttl } = await member.grantLease(request.id, request.ttl)
      return { header: member.header(), id, ttl }
    }),
    '/etcdserverpb.Lease/LeaseRevoke': unary(LeaseRevokeRequest, LeaseRevokeResponse, async ({ id }) => {
      await member.revokeLease(id)
      return { header: member.header() }
    }),
    '/etcdserverpb.Lease/LeaseKeepAlive': call => keepAlive(member, call),
    '/etcdserverpb.Lease/LeaseTimeToLive': unary(LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, request =>
      timeToLive(member, request.id, request.keys),
    ),
    '/etcdserverpb.Lease/LeaseLeases': unary(LeaseLeasesRequest, LeaseLeasesResponse, async () => {
      await member.readIndex()
      const leases = [...member.machine.lessor.all()].map(({ id }) => ({ id }))
      return { header: member.header(), leases }
    }),
  }
}

/** A lease that is gone is no error here: its time to live is -1. */
async function timeToLive(member: Member, id: bigint, withKeys: boolean) {
  const lease = await member.leaseTimeToLive(id)
  const header = member.header()
  if (!lease) return { header, id, ttl: -1 }
  return { header, id, ttl: lease.ttl, grantedTtl: lease.granted, keys: withKeys ? lease.keys : [] }
}

/** One answer a request, in order. A lease that is gone gets 0 seconds. */
function keepAlive(member: Member, call: ServerCall): void {
  let last: Promise<void> = Promise.resolve()
  const answer = async (id: bigint) => {
    const header = member.header()
    const ttl = await member.renewLease(id)
    call.send(LeaseKeepAliveResponse.encode({ header, id, ttl }))
  }
  call.onMessage = bytes => {
    const { id } = decodeRequest(LeaseKeepAliveRequest, bytes)
    last = last.then(() => answer(id)).catch(error => call.end(error ?? errors.stopped))
  }
  call.onEnd = () => void last.then(() => call.end())
}
