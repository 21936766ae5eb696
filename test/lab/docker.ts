import { type RunOptions, type RunResult, runChecked, systemProcesses } from '../../platform/processes.ts'

/** Docker's command on this machine; anything but success is an error with what it said. */
export function docker(args: readonly string[], options?: RunOptions): Promise<string> {
  return runChecked(systemProcesses, 'docker', args, options)
}

/** The words that a docker command prints. */
export async function dockerWords(args: readonly string[]): Promise<string[]> {
  return (await docker(args)).split(/\s+/).filter(Boolean)
}

/** A command inside a container; its exit code is part of the answer. */
export function dockerExec(
  container: string,
  command: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const input = options.input === undefined ? [] : ['-i']
  return systemProcesses.run('docker', ['exec', ...input, container, ...command], options)
}

/** Any other program of this machine that must succeed. */
export function machine(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
  return runChecked(systemProcesses, command, args, options)
}
