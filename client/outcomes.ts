import { isReason } from '../api/errors.ts'

/** What is read, or undefined where there is nothing of that name. */
export async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

/** Waits for a write, and takes "it is gone", or "another one has its name by now", for done. */
export async function unlessGone<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await unlessMissing(write)
  } catch (error) {
    if (isUidConflict(error)) return undefined
    throw error
  }
}

function isUidConflict(error: unknown): boolean {
  return error instanceof Error && /[Pp]recondition failed: UID/.test(error.message)
}

/** Waits for a create, and takes "it is there already" for done. */
export async function unlessThere<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return undefined
    throw error
  }
}
