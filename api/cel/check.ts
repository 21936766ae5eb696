import type { ASTNode } from '@marcbachmann/cel-js'
import { inspectCel } from './program.ts'

export interface CelRules {
  /** The names that an expression may use. */
  names: readonly string[]
  /** Of `variables.x`: those that exist; undefined where nobody counts them. */
  variables?: readonly string[]
  /** What has to come out. */
  result?: 'bool' | 'string'
}

/** What is wrong with an expression before it has ever run; undefined when nothing is. */
export function celProblem(expression: string, { names, variables, result }: CelRules): string | undefined {
  const found = inspectCel(expression)
  if ('problem' in found) return found.problem
  const known = new Set([...GLOBALS, ...names])
  for (const name of freeNames(found.ast, known)) return `undeclared reference to '${name}' (in container '')`
  const stranger = variables && variableNames(found.ast).find(name => !variables.includes(name))
  if (stranger !== undefined) return `undefined field '${stranger}'`
  if (found.type === 'dyn' || !result || found.type === result) return undefined
  return `must evaluate to ${result}`
}

/** Types, and what the functions of Kubernetes are called on. */
const GLOBALS = [
  ...['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type', 'optional_type'],
  ...['google', 'net', 'kubernetes', 'cel', 'optional', 'sets', 'ip', 'cidr', 'format', 'jsonpatch', 'strings'],
]

const LOOPS = new Set(['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter'])
const PAIR_LOOPS = new Set(['transformList', 'transformMap', 'transformMapEntry'])

/** Names that nothing has introduced. */
function* freeNames(node: unknown, known: ReadonlySet<string>): Generator<string> {
  if (Array.isArray(node)) for (const inner of node) yield* freeNames(inner, known)
  if (!isNode(node)) return
  if (node.op === 'id') {
    if (!known.has(node.args as string)) yield node.args as string
    return
  }
  const introduced = node.op === 'rcall' ? introducedBy(node) : []
  if (introduced.length === 0) {
    yield* freeNames(node.args, known)
    return
  }
  const [name, receiver, args] = node.args as [string, ASTNode, ASTNode[]]
  // What a name is bound to is said before there is the name.
  const outside = name === 'bind' ? [receiver, args[1]] : [receiver]
  yield* freeNames(outside, known)
  yield* freeNames(args.slice(name === 'bind' ? 2 : introduced.length), new Set([...known, ...introduced]))
}

/** The variables of a comprehension, or of cel.bind. */
function introducedBy(node: ASTNode): string[] {
  const [name, , args] = node.args as [string, ASTNode, ASTNode[]]
  const names = args.slice(0, 2).flatMap(arg => (arg.op === 'id' ? [arg.args as string] : []))
  if (PAIR_LOOPS.has(name)) return names.length === 2 ? names : []
  if (name === 'bind') return names.slice(0, 1)
  if (!LOOPS.has(name) || names.length === 0) return []
  const isPair = args.length === 3 && names.length === 2 && name !== 'map' && name !== 'filter'
  return isPair ? names : names.slice(0, 1)
}

/** The x of every `variables.x`. */
function variableNames(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(variableNames)
  if (!isNode(node)) return []
  const [receiver, name] = node.op === '.' ? (node.args as [ASTNode, string]) : []
  const own = receiver?.op === 'id' && receiver.args === 'variables' ? [name as string] : []
  return [...own, ...variableNames(node.args)]
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
