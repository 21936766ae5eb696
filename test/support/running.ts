import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Child processes of tests: run to their end, listened to, waited for. */

const DEADLINE = 120_000

export async function finish(child: ChildProcess, input?: Buffer) {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout!.on('data', chunk => stdout.push(chunk))
  child.stderr!.on('data', chunk => stderr.push(chunk))
  child.stdin!.on('error', () => undefined).end(input)
  const expire = setTimeout(() => child.kill('SIGKILL'), DEADLINE)
  const [code] = await once(child, 'close')
  clearTimeout(expire)
  return { code: code as number | null, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
}

export function collect(child: ChildProcess): { text(): string } {
  let text = ''
  child.stdout!.on('data', chunk => {
    text += chunk
  })
  child.stderr!.on('data', chunk => {
    text += chunk
  })
  return { text: () => text }
}

export async function until(holds: () => boolean, evidence: () => string): Promise<void> {
  const end = performance.now() + DEADLINE
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not in time; seen so far: ${evidence()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
