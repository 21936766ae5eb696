import type { Readable } from 'node:stream'
import type { ContainerRuntime } from '../runtime.ts'

const KEPT_BYTES = 10 * 1024

/** Runs a command in a container to its end. When the signal aborts, it is killed with all that it started. */
export async function runExec(
  runtime: ContainerRuntime,
  id: string,
  command: string[],
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string }> {
  const session = await runtime.exec(id, { command, stdin: false, stdout: true, stderr: true, tty: false })
  const stop = () => void session.kill().catch(() => {})
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const reading = Promise.all([read(session.stdout), read(session.stderr)])
    const exitCode = await Promise.race([session.exited, aborted(signal)])
    const [stdout, stderr] = await reading
    return { exitCode: exitCode ?? -1, output: (stdout + stderr).trimEnd() }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function read(stream: Readable | undefined): Promise<string> {
  if (!stream) return ''
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      if (size < KEPT_BYTES) chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
    }
  } catch {
    // The stream of a command that was cut off breaks; what it had said until then is still worth showing.
  }
  return Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString()
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
}
