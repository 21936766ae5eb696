import { spawn } from 'node:child_process'

export interface RunOptions {
  input?: string | Uint8Array
  cwd?: string
  env?: Record<string, string>
  /** Killed with SIGKILL after this long. */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface RunResult {
  /** Exit code; 128 + n for a process that signal n ended, as in a shell. */
  code: number
  stdout: string
  stderr: string
}

/** Programs of the machine, run to their end. */
export interface Processes {
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>
}

const SIGNAL_NUMBERS: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 }

export const systemProcesses: Processes = {
  run(command, args, options = {}) {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: options.cwd,
        env: options.env ? { ...process.env, ...options.env } : process.env,
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        signal: options.signal,
      })
      const stdout: Buffer[] = []
      const stderr: Buffer[] = []
      child.stdout.on('data', chunk => stdout.push(chunk))
      child.stderr.on('data', chunk => stderr.push(chunk))
      child.on('error', error => reject(new Error(`cannot run ${command}: ${error.message}`, { cause: error })))
      child.on('close', (code, signal) => {
        resolve({
          code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0),
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        })
      })
      // A program that ends before it read its input is no fault of ours: its exit code tells.
      child.stdin.on('error', () => {})
      child.stdin.end(options.input)
    })
  },
}

/** Runs a program that is expected to succeed: anything but exit code 0 is an error with what it said. */
export async function runChecked(
  processes: Processes,
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const result = await processes.run(command, args, options)
  if (result.code !== 0) {
    const said = result.stderr.trim() || result.stdout.trim()
    throw new Error(`${command} ${args.join(' ')} ended with code ${result.code}: ${said}`)
  }
  return result.stdout
}
