/**
 * Does `count` things in waves of 1, 2, 4...: when the first ones fail (a quota, a broken template), the rest is not even
 * tried. Returns the first error of the wave that failed.
 */
export async function inSlowStart(count: number, run: (index: number) => Promise<void>): Promise<Error | undefined> {
  for (let done = 0, size = 1; done < count; done += size, size *= 2) {
    const wave = Array.from({ length: Math.min(size, count - done) }, (_, i) => run(done + i))
    const results = await Promise.allSettled(wave)
    const failed = results.find(result => result.status === 'rejected')
    if (failed) return failed.reason instanceof Error ? failed.reason : new Error(String(failed.reason))
  }
  return undefined
}
