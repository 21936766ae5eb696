import { EtcdError, GrpcCode } from '../errors.ts'
import { decodeChange } from '../raft/membership.ts'
import type { KeyHash } from './corruption.ts'
import type { ClusterInfo } from './founding.ts'
import type { Roster } from './roster.ts'

const NOTHING = Buffer.alloc(0)

/** What a member answers with. */
export interface PeerFace {
  readonly clusterId: string
  readonly roster: Pick<Roster, 'list' | 'changeAsLeader'>
  keyHash(revision: number): Promise<KeyHash>
  readonly asLeader: {
    propose(entry: Uint8Array): Promise<unknown>
    renew(lease: bigint): Promise<number>
    remaining(lease: bigint): Promise<number>
  }
}

/** What members ask each other. The leader's methods answer "no leader" where this member does not lead. */
export async function answerPeer(member: PeerFace, method: string, content: Buffer): Promise<Uint8Array> {
  switch (method) {
    case 'cluster': {
      const info: ClusterInfo = { cluster: member.clusterId, members: member.roster.list() }
      return Buffer.from(JSON.stringify(info))
    }
    case 'propose':
      await member.asLeader.propose(content)
      return NOTHING
    case 'change':
      await member.roster.changeAsLeader(decodeChange(content))
      return NOTHING
    case 'hash':
      return Buffer.from(JSON.stringify(await member.keyHash(Number(content.toString()))))
    case 'renew':
      return Buffer.from(String(await member.asLeader.renew(BigInt(content.toString()))))
    case 'remaining':
      return Buffer.from(String(await member.asLeader.remaining(BigInt(content.toString()))))
    default:
      throw new EtcdError(GrpcCode.unimplemented, `members of this version cannot ${method}`)
  }
}
