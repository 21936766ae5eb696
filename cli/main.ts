/**
 * cli/ is the `kubox` command, one file or small folder a command. It alone wires the rooms together, so it may import all
 * of them. Start with server.ts (a control plane from its manifests) and agent.ts (a node), then init/ and join.ts.
 */
import * as net from 'node:net'
import { Command } from 'commander'
import { HELPER_FLAG, netnsConnectMain } from '../kubelet/serve/netns-helper.ts'
import { holdProcess } from '../platform/clock.ts'
import { UserError } from './output.ts'
import { VERSION } from './version.ts'

/** Each is loaded only when it is called: `kubox token list` needs no Docker and no store. */
const COMMANDS: Record<string, () => Promise<(program: Command) => void>> = {
  init: async () => (await import('./init/init.ts')).initCommand,
  join: async () => (await import('./join.ts')).joinCommand,
  token: async () => (await import('./token.ts')).tokenCommand,
  reset: async () => (await import('./reset.ts')).resetCommand,
  up: async () => (await import('./up/up.ts')).upCommand,
  down: async () => (await import('./up/down.ts')).downCommand,
  etcd: async () => (await import('./etcd.ts')).etcdCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  server: async () => (await import('./server/server.ts')).serverCommand,
  agent: async () => (await import('./agent/agent.ts')).agentCommand,
}

const program = new Command('kubox')
  .description('a real, small Kubernetes for a few Ubuntu VMs')
  .version(VERSION)
  .option('--root <dir>', 'keep every file under this folder instead of /', '/')
  .showHelpAfterError()

async function register(): Promise<void> {
  const load = COMMANDS[process.argv.slice(2).find(word => word in COMMANDS) ?? '']
  const wanted = load ? [load] : Object.values(COMMANDS)
  for (const command of wanted) (await command())(program)
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return `kubox: ${error}`
  if (!(error instanceof UserError)) return `kubox: ${process.env.KUBOX_DEBUG ? error.stack : error.message}`
  return error.remedy ? `kubox: ${error.message}\n  -> ${error.remedy}` : `kubox: ${error.message}`
}

async function main(): Promise<void> {
  if (process.argv[2] === HELPER_FLAG) return netnsConnectMain(net, process)
  const hold = holdProcess()
  try {
    await register()
    await program.parseAsync()
  } catch (error) {
    console.error(explain(error))
    process.exitCode = 1
  } finally {
    hold.release()
  }
}

main()
