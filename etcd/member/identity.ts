import { createHash } from 'node:crypto'
import type { Member as RaftMember } from '../raft/message.ts'

/** What the cluster knows of a member beside its id: what its entry in the membership carries. */
export interface MemberInfo {
  name: string
  peerUrls: readonly string[]
  clientUrls: readonly string[]
}

/** Raft names members with the 16 hex digits that etcd shows; the API speaks of 64-bit numbers. */
export function idNumber(id: string): bigint {
  return id === '' ? 0n : BigInt(`0x${id}`)
}

export function idText(id: bigint): string {
  return id.toString(16).padStart(16, '0')
}

/** As etcd computes it, so that the same flags make the same ids. `joinedAt` (seconds) is part of it for later members. */
export function memberId(peerUrls: readonly string[], token: string, joinedAt?: number): string {
  const text = [...peerUrls].sort().join('') + token + (joinedAt ?? '')
  return createHash('sha1').update(text).digest('hex').slice(0, 16)
}

export function clusterId(memberIds: readonly string[]): string {
  const bytes = Buffer.from([...memberIds].sort().join(''), 'hex')
  return createHash('sha1').update(bytes).digest('hex').slice(0, 16)
}

export function infoOf(member: RaftMember): MemberInfo {
  return JSON.parse(member.context) as MemberInfo
}

export function contextOf({ name, peerUrls, clientUrls }: MemberInfo): string {
  return JSON.stringify({ name, peerUrls, clientUrls })
}
