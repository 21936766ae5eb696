import { findAll } from './find.ts'
import { MOST_VISITS, type Step } from './steps.ts'
import { holds, type Node, PatternError, parsePattern } from './syntax.ts'

/** A pattern made ready. */
export interface Pattern {
  /** Whether the pattern is found anywhere in the text. Throws PatternError when pattern and text are too large together. */
  test(text: string): boolean
  /** The first places that match, left to right and none within another: so many at most. */
  find(text: string, most: number): string[]
}

/** A pattern that grows beyond this by its repetitions is refused. */
const MOST_STEPS = 10_000

/** Throws PatternError for what is no pattern. */
export function compile(pattern: string): Pattern {
  const steps: Step[] = []
  emit(parsePattern(pattern), steps)
  steps.push({ op: 'found' })
  return { test: text => run(steps, text), find: (text, most) => findAll(steps, text, most) }
}

function push(steps: Step[], step: Step): number {
  if (steps.length >= MOST_STEPS) throw new PatternError('expression too large')
  return steps.push(step) - 1
}

function emit(node: Node, steps: Step[]): void {
  switch (node.type) {
    case 'one':
      push(steps, { op: 'one', test: node.test })
      break
    case 'assert':
      push(steps, { op: 'assert', what: node.what })
      break
    case 'sequence':
      for (const inner of node.nodes) emit(inner, steps)
      break
    case 'either':
      emitEither(node.nodes, steps)
      break
    case 'repeat':
      emitRepeat(node, steps)
  }
}

function emitEither(nodes: Node[], steps: Step[]): void {
  const choice: Step & { op: 'split' } = { op: 'split', targets: [] }
  push(steps, choice)
  const ends: (Step & { op: 'split' })[] = []
  for (const node of nodes) {
    choice.targets.push(steps.length)
    emit(node, steps)
    const end: Step & { op: 'split' } = { op: 'split', targets: [] }
    push(steps, end)
    ends.push(end)
  }
  for (const end of ends) end.targets.push(steps.length)
}

function emitRepeat({ node, least, most, lazy }: Node & { type: 'repeat' }, steps: Step[]): void {
  for (let i = 0; i < least; i++) emit(node, steps)
  if (!Number.isFinite(most)) {
    const loop = push(steps, { op: 'split', targets: [] })
    emit(node, steps)
    push(steps, { op: 'split', targets: [loop] })
    ;(steps[loop] as Step & { op: 'split' }).targets = preferred(lazy, loop + 1, steps.length)
    return
  }
  const exits: (Step & { op: 'split' })[] = []
  for (let i = least; i < most; i++) {
    const exit: Step & { op: 'split' } = { op: 'split', targets: [steps.length + 1] }
    push(steps, exit)
    exits.push(exit)
    emit(node, steps)
  }
  for (const exit of exits) exit.targets = preferred(lazy, exit.targets[0]!, steps.length)
}

const preferred = (lazy: boolean, body: number, exit: number) => (lazy ? [exit, body] : [body, exit])

function run(steps: readonly Step[], text: string): boolean {
  const signs = Array.from(text, sign => sign.codePointAt(0)!)
  const marks = new Int32Array(steps.length).fill(-1)
  let current: number[] = []
  const budget = { left: MOST_VISITS }
  for (let at = 0; at <= signs.length; at++) {
    // A match may begin anywhere.
    const states = follow(steps, { open: [...current, 0], marks, budget }, signs, at)
    if (!states) return true
    current = at < signs.length ? advance(steps, states, signs[at]!) : []
  }
  return false
}

interface Search {
  open: number[]
  /** At which sign a state was looked at last. */
  marks: Int32Array
  budget: { left: number }
}

/** The states that read a sign, reached without reading one; undefined when the end of the pattern is among them. */
function follow(steps: readonly Step[], search: Search, signs: number[], at: number): number[] | undefined {
  const { open, marks, budget } = search
  const reading: number[] = []
  while (open.length > 0) {
    const index = open.pop()!
    if (marks[index] === at) continue
    marks[index] = at
    if (--budget.left < 0) throw new PatternError('the text takes too long to match')
    const step = steps[index]!
    if (step.op === 'found') return undefined
    if (step.op === 'one') reading.push(index)
    else if (step.op === 'split') open.push(...step.targets)
    else if (holds(step.what, signs, at)) open.push(index + 1)
  }
  return reading
}

function advance(steps: readonly Step[], states: number[], sign: number): number[] {
  const next: number[] = []
  for (const index of states) {
    const step = steps[index]!
    if (step.op === 'one' && step.test(sign)) next.push(index + 1)
  }
  return next
}
