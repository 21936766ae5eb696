/** Changes to the text of an expression before it is made ready. */
export interface Edit {
  at: number
  /** How much of the expression goes there. */
  drop: number
  put: string
}

/** Later ones first, so that places stay right; at one place the innermost first, so that the outermost stands before it. */
export function edited(expression: string, list: Edit[]): string {
  const ordered = list.reverse().sort((a, b) => b.at - a.at)
  return ordered.reduce((text, { at, drop, put }) => text.slice(0, at) + put + text.slice(at + drop), expression)
}
