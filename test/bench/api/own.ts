import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { firstMatch } from '../../support/children.ts'

/** The API server on a durable store, bundled as a release is, in a process that has a core for itself. */
export class OwnServer {
  readonly kubeconfig: string
  readonly #folder: string
  #child: ChildProcess | undefined

  /** `folder` holds the program and its data: what was stored there is found again. */
  constructor(folder: string) {
    this.#folder = folder
    this.kubeconfig = join(folder, 'kubeconfig')
  }

  /** Milliseconds from the start of the process to the answer of /readyz; one that runs is stopped before. */
  async start(): Promise<number> {
    await this.stop()
    const [program, launcher] = [join(this.#folder, 'server.cjs'), join(this.#folder, 'launch.cjs')]
    if (!existsSync(program))
      await Promise.all([bundle('../api-server.ts', program), bundle('../api-launch.ts', launcher)])
    // With the flag that a release has.
    const command = [process.execPath, '--max-semi-space-size=16', launcher, program, this.kubeconfig, this.#data]
    const [first, ...rest] = pinned(0, command)
    this.#child = spawn(first!, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    const said = await firstMatch(this.#child, /ready \d+/, 120_000)
    return Number(/ready (\d+)/.exec(said)![1])
  }

  async stop(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise(resolve => this.#child!.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await ended
  }

  /** Stopped, and all that was stored gone. */
  async empty(): Promise<void> {
    await this.stop()
    await rm(this.#data, { recursive: true, force: true })
  }

  get #data(): string {
    return join(this.#folder, 'data')
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
