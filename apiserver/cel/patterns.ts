/**
 * JavaScript's patterns can take exponential time where CEL promises linear time. An expression in which a repeated group
 * holds another repetition is not compiled: `(a+)+`, `(a|b*)*`, `(x{2,})*`.
 */
export function isSafePattern(expression: string): boolean {
  if (!/\bmatches\b|\bfind(All)?\b/.test(expression)) return true
  const literals = expression.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g) ?? []
  return literals.every(literal => !hasNestedRepetition(literal.slice(1, -1)))
}

function hasNestedRepetition(pattern: string): boolean {
  /** Of each open group: whether something in it is repeated. */
  const groups: boolean[] = [false]
  for (let i = 0; i < pattern.length; i++) {
    const sign = pattern[i]!
    if (sign === '\\') i++
    else if (sign === '[') i = endOfClass(pattern, i)
    else if (sign === '(') groups.push(false)
    else if (sign === ')') {
      const inner = groups.pop() ?? false
      const repeated = isRepetition(pattern, i + 1)
      if (inner && repeated) return true
      if (groups.length > 0 && (inner || repeated)) groups[groups.length - 1] = true
    } else if (isRepetition(pattern, i)) groups[groups.length - 1] = true
  }
  return false
}

function isRepetition(pattern: string, at: number): boolean {
  return pattern[at] === '*' || pattern[at] === '+' || /^\{\d*,\d*\}/.test(pattern.slice(at, at + 16))
}

function endOfClass(pattern: string, start: number): number {
  for (let i = start + 1; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++
    else if (pattern[i] === ']') return i
  }
  return pattern.length
}
