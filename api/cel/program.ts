import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import { celEnvironment } from './environment.ts'
import { LINEAR_MATCHES } from './strings.ts'

/** An expression made ready; what goes wrong when it runs is told, not thrown. */
export type Program = (variables: Readonly<Record<string, unknown>>) => { value: unknown } | { problem: string }

/** Made when the first expression comes: most clusters have none. */
let environment: Environment | undefined

const MOST_KNOWN = 1000
const known = new Map<string, Program | { problem: string }>()

/** A program, or why the text is none. */
export function compileCel(expression: string): Program | { problem: string } {
  const found = known.get(expression)
  if (found) return found
  const made = parse(expression)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(expression, made)
  return made
}

function parse(expression: string): Program | { problem: string } {
  environment ??= celEnvironment()
  try {
    const text = withLinearMatches(expression, environment.parse(expression).ast)
    const parsed = environment.parse(text)
    return variables => run(() => parsed(variables))
  } catch (error) {
    return { problem: firstLine(error) }
  }
}

function run(work: () => unknown): { value: unknown } | { problem: string } {
  try {
    return { value: work() }
  } catch (error) {
    return { problem: firstLine(error) }
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}

/** Calls of `matches` by another name: see LINEAR_MATCHES. Later ones first, so that places stay right. */
function withLinearMatches(expression: string, ast: ASTNode): string {
  const ends = [...receivers(ast)].sort((a, b) => b - a)
  return ends.reduce((text, end) => {
    const at = text.indexOf('matches', end)
    return text.slice(0, at) + LINEAR_MATCHES + text.slice(at + 'matches'.length)
  }, expression)
}

/** Where what stands before `.matches` ends. */
function* receivers(node: unknown): Generator<number> {
  if (Array.isArray(node)) for (const inner of node) yield* receivers(inner)
  if (!isNode(node)) return
  if (node.op === 'rcall' && node.args[0] === 'matches') yield node.args[1].range.end
  yield* receivers(node.args)
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
