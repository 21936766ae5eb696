import { compile, type Pattern } from './match.ts'
import { PatternError } from './syntax.ts'

const known = new Map<string, Pattern>()
const MOST_KNOWN = 1000

/** A pattern of a schema, made ready once. Schemas with bad patterns are refused, so none is met here. */
export function compilePattern(pattern: string): Pattern {
  const found = known.get(pattern)
  if (found) return found
  const made = compile(pattern)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(pattern, made)
  return made
}

/** What is wrong with a pattern; undefined when nothing is. */
export function patternProblem(pattern: string): string | undefined {
  try {
    compilePattern(pattern)
    return undefined
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}
