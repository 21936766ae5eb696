import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import { beginRun, type Meter } from './budget.ts'
import { type Edit, edited } from './edits.ts'
import { celEnvironment } from './environment.ts'
import { withoutTypes } from './literals.ts'
import { pairEdits } from './pairs.ts'
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
  try {
    const { environment, text } = rewritten(expression)
    const parsed = environment.parse(text)
    return variables => run(() => parsed(variables))
  } catch (error) {
    return { problem: firstLine(error) }
  }
}

function rewritten(expression: string) {
  environment ??= celEnvironment()
  const plain = withoutTypes(expression)
  const { ast } = environment.parse(plain)
  return { environment, ast, text: edited(plain, [...edits(ast, plain)]) }
}

/** An expression as it was written, and the type of what comes out of it, for those who check it before it runs. */
export function inspectCel(expression: string): { ast: ASTNode; type: string } | { problem: string } {
  try {
    const { environment, ast, text } = rewritten(expression)
    const { valid, type, error } = environment.check(text)
    return valid ? { ast, type: String(type) } : { problem: firstLine(error) }
  } catch (error) {
    return { problem: firstLine(error) }
  }
}

function run(work: () => unknown): { value: unknown } | { problem: string } {
  try {
    beginRun()
    return { value: work() }
  } catch (error) {
    return { problem: firstLine(error) }
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}

const LOOPS = new Set([
  'all',
  'exists',
  'exists_one',
  'existsOne',
  'map',
  'filter',
  'transformList',
  'transformMap',
  'transformMapEntry',
])
const GROWING = new Set(['join', 'replace', 'format', 'flatten'])

/** Calls of `matches` by another name (see LINEAR_MATCHES), and meters around what may take long or grow. */
function* edits(node: unknown, expression: string): Generator<Edit> {
  if (Array.isArray(node)) for (const inner of node) yield* edits(inner, expression)
  if (!isNode(node)) return
  if (node.op === '+') yield* growing(node, node.args[0])
  if (node.op === 'in') yield* metered(node.args[1], 'kubernetesScan')
  if (node.op === 'rcall') yield* callEdits(node, expression)
  yield* edits(node.args, expression)
}

function* callEdits(node: ASTNode & { op: 'rcall' }, expression: string): Generator<Edit> {
  const [name, receiver] = node.args
  if (name === 'matches') {
    yield { at: expression.indexOf(name, receiver.range.end), drop: name.length, put: LINEAR_MATCHES }
  }
  if (GROWING.has(name)) yield* growing(node, receiver)
  yield* pairEdits(node, expression)
  if (LOOPS.has(name)) yield* metered(receiver, 'kubernetesLoop')
}

function* growing(whole: ASTNode, part: ASTNode): Generator<Edit> {
  yield* metered(whole, 'kubernetesWhole')
  yield* metered(part, 'kubernetesPart')
}

function* metered({ range }: ASTNode, meter: Meter): Generator<Edit> {
  yield { at: range.end, drop: 0, put: ')' }
  yield { at: range.start, drop: 0, put: `${meter}(` }
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
