/**
 * What the release executable starts with. It holds the whole command several times: once complete, and each time with nothing
 * but one that runs for long in a process of its own (the agent, a member of the store). Only the one asked for is read.
 */
import { getRawAsset } from 'node:sea'
import { setFlagsFromString } from 'node:v8'
import { compileFunction, Script } from 'node:vm'
import { HELPER_FLAG } from '../kubelet/serve/netns-helper.ts'
import { asFunction } from './function.ts'

declare const require: NodeJS.Require

/** The first word that is not an option, nor the value of one. */
function commandOf(words: string[]): string | undefined {
  const [first, ...rest] = words
  if (first === '--root') return commandOf(rest.slice(1))
  return first?.startsWith('-') && first !== HELPER_FLAG ? commandOf(rest) : first
}

const command = commandOf(process.argv.slice(2))
const isAgent = command === 'agent' || command === HELPER_FLAG
const bundle = isAgent ? 'kubox-agent.cjs' : command === 'etcd' ? 'kubox-etcd.cjs' : 'kubox.cjs'
/** An agent makes little garbage: collecting it more often costs less than the room that it would fill. */
if (isAgent) for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1']) setFlagsFromString(flag)
// The bundles are plain ASCII, so that a character takes one byte of memory.
const source = Buffer.from(getRawAsset(bundle)).toString('latin1')
const main = bundle === 'kubox.cjs' ? compiledBefore() : compiled()
main({}, require, { exports: {} }, process.execPath, process.cwd())

function compiled() {
  const names = ['exports', 'require', 'module', '__filename', '__dirname']
  return compileFunction(source, names, { filename: bundle })
}

/** With what the build has compiled already: of the one bundle that it is kept of. */
function compiledBefore() {
  const cachedData = Buffer.from(getRawAsset(`${bundle}.cache`))
  return new Script(asFunction(source), { filename: bundle, cachedData }).runInThisContext()
}
