import type { PullProgress } from '../runtime.ts'

const MEGA = 1_000_000

/** `112 of 290 MB, 4 MB/s, about 45 s left`: what a person who waits wants to know. */
export function describeProgress(progress: PullProgress, elapsedMs: number): string {
  const { currentBytes, totalBytes, stage } = progress
  if (stage === 'Extracting') return `${megabytes(totalBytes)} MB are here, unpacking`
  const rate = elapsedMs > 0 ? (currentBytes / elapsedMs) * 1000 : 0
  const amount = `${megabytes(currentBytes)} of ${megabytes(totalBytes)} MB`
  if (rate <= 0 || totalBytes <= 0) return amount
  const left = Math.ceil((totalBytes - currentBytes) / rate)
  return `${amount}, ${describeRate(rate)}, about ${left} s left`
}

function describeRate(bytesPerSecond: number): string {
  return bytesPerSecond >= MEGA ? `${megabytes(bytesPerSecond)} MB/s` : `${Math.round(bytesPerSecond / 1000)} kB/s`
}

function megabytes(bytes: number): string {
  const amount = bytes / MEGA
  return amount < 10 ? String(Number(amount.toFixed(1))) : String(Math.round(amount))
}

/** Like Go prints durations: `1.2s`, `850ms`, `2m3.5s`. */
export function describeDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  const minutes = Math.floor(ms / 60_000)
  const seconds = Number(((ms % 60_000) / 1000).toFixed(3))
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
