import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { firstMatch } from '../../support/children.ts'

/** The API server on a durable store, bundled as a release is, in a process that has a core for itself. */
export class OwnServer {
  readonly kubeconfig: string
  readonly #child: ChildProcess
  /** Milliseconds from the start of the process to the answer of /readyz. */
  readonly startMs: number

  private constructor(child: ChildProcess, kubeconfig: string, startMs: number) {
    this.#child = child
    this.kubeconfig = kubeconfig
    this.startMs = startMs
  }

  /** `folder` holds the program and its data: a second start there finds what the first one stored. */
  static async start(folder: string): Promise<OwnServer> {
    const [program, launcher] = [join(folder, 'server.cjs'), join(folder, 'launch.cjs')]
    const [kubeconfig, data] = [join(folder, 'kubeconfig'), join(folder, 'data')]
    if (!existsSync(program))
      await Promise.all([bundle('../api-server.ts', program), bundle('../api-launch.ts', launcher)])
    // With the flag that a release has.
    const command = [process.execPath, '--max-semi-space-size=16', launcher, program, kubeconfig, data]
    const [first, ...rest] = pinned(0, command)
    const child = spawn(first!, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    const said = await firstMatch(child, /ready \d+/, 120_000)
    return new OwnServer(child, kubeconfig, Number(/ready (\d+)/.exec(said)![1]))
  }

  async stop(): Promise<void> {
    const ended = new Promise(resolve => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await ended
  }
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile,
    ...{ bundle: true, platform: 'node', target: 'node24', format: 'cjs', logLevel: 'warning' },
    ...{ minifySyntax: true, minifyWhitespace: true, legalComments: 'none' },
    define: { 'import.meta.url': '__fileUrl' },
    banner: { js: "const __fileUrl=require('node:url').pathToFileURL(__filename).href;" },
  })
}

/** Server and load must not take each other's core; where there is but one, the figures tell of both. */
function pinned(core: number, command: string[]): string[] {
  return availableParallelism() > 1 ? ['taskset', '-c', String(core), ...command] : command
}

/** Keeps this process, the load, off the server's core. */
export function leaveServersCore(): void {
  const cores = availableParallelism()
  if (cores > 1) execFileSync('taskset', ['-a', '-p', '-c', `1-${cores - 1}`, String(process.pid)], { stdio: 'pipe' })
}
