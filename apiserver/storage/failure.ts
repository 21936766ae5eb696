import { EtcdError, errors, GrpcCode } from '../../etcd/errors.ts'
import { CompactedError, StoreUnavailableError } from './store.ts'

const TEMPORARY: readonly GrpcCode[] = [
  GrpcCode.unavailable,
  GrpcCode.resourceExhausted,
  GrpcCode.deadlineExceeded,
  GrpcCode.canceled,
]

/** etcd's errors as those that Store names; `compacted` tells the oldest revision left. */
export function storeError(error: unknown, compacted: () => number): unknown {
  if (!(error instanceof EtcdError)) return error
  if (error.message === errors.compacted.message) return new CompactedError(compacted())
  if (TEMPORARY.includes(error.code)) return new StoreUnavailableError(error.message, { cause: error })
  return error
}

export async function translated<T>(result: Promise<T>, compacted: () => number): Promise<T> {
  try {
    return await result
  } catch (error) {
    throw storeError(error, compacted)
  }
}
