import type { Member } from '../member.ts'
import { HeaderResponse } from '../proto/control-messages.ts'
import { LockRequest, LockResponse, UnlockRequest } from '../proto/lock-messages.ts'
import { DeleteRangeRequest } from '../proto/messages.ts'
import { type Methods, unary } from './grpc.ts'
import { queuePrefix, queueUp, untilFirst } from './queue.ts'

const NO_VALUE = Buffer.alloc(0)

export function lockMethods(member: Member): Methods {
  return {
    '/v3lockpb.Lock/Lock': unary(LockRequest, LockResponse, async ({ name, lease }, call) => {
      const prefix = queuePrefix(name)
      const place = await queueUp(member, prefix, lease, NO_VALUE)
      try {
        await untilFirst(member, prefix, place, call)
      } catch (error) {
        await member.deleteRange(DeleteRangeRequest.of({ key: place.key }))
        throw error
      }
      return { header: member.header(), key: place.key }
    }),
    '/v3lockpb.Lock/Unlock': unary(UnlockRequest, HeaderResponse, async ({ key }) => {
      const { header } = await member.deleteRange(DeleteRangeRequest.of({ key }))
      return { header: member.header(header!.revision) }
    }),
  }
}
