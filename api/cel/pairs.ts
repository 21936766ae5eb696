/**
 * Comprehensions of two variables: `m.all(k, v, v > 0)`. The library knows those of one; so they are written as loops over
 * pairs, whose halves get the names of the variables: `pairs(m).all(p, cel.bind(k, p[0], cel.bind(v, p[1], v > 0)))`.
 */
import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import type { Edit } from './edits.ts'

type Call = ASTNode & { op: 'rcall' }

/** By which loop over pairs each is written, and what is made of the list that comes out of it. */
const LOOPS: Readonly<Record<string, { as: string; made?: string }>> = {
  all: { as: 'all' },
  exists: { as: 'exists' },
  exists_one: { as: 'exists_one' },
  existsOne: { as: 'exists_one' },
  transformList: { as: 'map' },
  transformMap: { as: 'map', made: 'kubernetesMapOfPairs' },
  transformMapEntry: { as: 'map', made: 'kubernetesMapOfMaps' },
}

export function* pairEdits(node: Call, expression: string): Generator<Edit> {
  const [name, receiver, args] = node.args as [string, ASTNode, ASTNode[]]
  const loop = LOOPS[name]
  const [key, value, ...steps] = args
  const isQuantifier = loop?.as !== 'map'
  if (!loop || !key || !value || key.op !== 'id' || value.op !== 'id') return
  if (steps.length < 1 || steps.length > (isQuantifier ? 1 : 2)) return
  const pair = `pair${node.range.start}`
  const named = `cel.bind(${key.args}, ${pair}[0], cel.bind(${value.args}, ${pair}[1], `
  const isMap = loop.made === 'kubernetesMapOfPairs'
  yield* around(node, loop.made ? `${loop.made}(` : '')
  yield* around(receiver, 'kubernetesPairs(')
  yield { at: expression.indexOf(name, receiver.range.end), drop: name.length, put: loop.as }
  yield { at: key.range.start, drop: value.range.end - key.range.start, put: pair }
  for (const [index, step] of steps.entries()) {
    const last = isMap && index === steps.length - 1
    yield { at: step.range.start, drop: 0, put: last ? `kubernetesPair(${pair}[0], ${named}` : named }
    yield { at: step.range.end, drop: 0, put: last ? ')))' : '))' }
  }
}

function* around({ range }: ASTNode, opening: string): Generator<Edit> {
  if (opening === '') return
  yield { at: range.start, drop: 0, put: opening }
  yield { at: range.end, drop: 0, put: ')' }
}

type Fields = Record<string, unknown>

export function addPairs(environment: Environment): void {
  environment
    .registerFunction('kubernetesPairs(dyn): list<dyn>', pairsOf)
    .registerFunction('kubernetesPair(dyn, dyn): list<dyn>', (key: unknown, value: unknown) => [key, value])
    .registerFunction('kubernetesMapOfPairs(list): dyn', (pairs: [unknown, unknown][]) => mapOf(pairs))
    .registerFunction('kubernetesMapOfMaps(list): dyn', (maps: unknown[]) => mapOf(maps.flatMap(pairsOf)))
}

function pairsOf(value: unknown): [unknown, unknown][] {
  if (Array.isArray(value)) return value.map((one, index) => [BigInt(index), one])
  if (value instanceof Map) return [...value]
  if (typeof value === 'object' && value !== null) return Object.entries(value)
  throw new Error('only lists and maps can be walked through')
}

function mapOf(pairs: readonly [unknown, unknown][]): unknown {
  const keys = new Set(pairs.map(([key]) => key))
  if (keys.size < pairs.length) throw new Error('insert failed: a key stands there already')
  if (pairs.some(([key]) => typeof key !== 'string')) return new Map(pairs)
  return Object.assign(Object.create(null) as Fields, Object.fromEntries(pairs))
}
