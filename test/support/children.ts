import type { ChildProcess } from 'node:child_process'

/** What a running program has printed, on either stream, once that contains `pattern`. */
export function firstMatch(child: ChildProcess, pattern: RegExp, deadlineMs = 120_000): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const overdue = setTimeout(() => reject(new Error(`${pattern} did not appear in: ${said}`)), deadlineMs)
    const listen = (chunk: Buffer) => {
      said += chunk
      if (!pattern.test(said)) return
      clearTimeout(overdue)
      resolve(said)
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.on('exit', code => {
      clearTimeout(overdue)
      reject(new Error(`ended with code ${code} before ${pattern} appeared: ${said}`))
    })
  })
}
