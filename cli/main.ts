/**
 * cli/ is the `kubox` command, one file or small folder a command. It alone wires the rooms together, so it may import all
 * of them. Start with server.ts (a control plane from its manifests) and agent.ts (a node), then init/ and join.ts.
 */
import { Command } from 'commander'
import { UserError } from './output.ts'
import { VERSION } from './version.ts'

/** Commands are loaded only when they are called: `kubox token list` needs no Docker and no store. */
const program = new Command('kubox')
  .description('a real, small Kubernetes for a few Ubuntu VMs')
  .version(VERSION)
  .option('--root <dir>', 'keep every file under this folder instead of /', '/')
  .showHelpAfterError()

async function register(): Promise<void> {
  const { initCommand } = await import('./init/init.ts')
  const { tokenCommand } = await import('./token.ts')
  initCommand(program)
  tokenCommand(program)
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return `kubox: ${error}`
  if (!(error instanceof UserError)) return `kubox: ${process.env.KUBOX_DEBUG ? error.stack : error.message}`
  return error.remedy ? `kubox: ${error.message}\n  -> ${error.remedy}` : `kubox: ${error.message}`
}

async function main(): Promise<void> {
  try {
    await register()
    await program.parseAsync()
  } catch (error) {
    console.error(explain(error))
    process.exitCode = 1
  }
}

main()
