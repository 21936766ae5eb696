/**
 * Kubernetes lets mutations write what they make as `Object{spec: Object.spec{replicas: 3}}` and `JSONPatch{op: "test"}`. The
 * types say nothing that the schema of the kind does not say better, so such literals are read as maps.
 */
const TOKENS = new RegExp(
  [
    `[rR]?(?:"""[^]*?"""|'''[^]*?''')`,
    String.raw`[rR]?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')`,
    String.raw`//[^\n]*`,
    String.raw`(?<head>\b(?:Object(?:\.[A-Za-z_]\w*)*|JSONPatch)\s*\{)`,
    String.raw`(?<key>[A-Za-z_]\w*)(?=\s*:)`,
    String.raw`(?<sign>[{}()[\],])`,
  ].join('|'),
  'g',
)

export function withoutTypes(expression: string): string {
  if (!/\b(?:Object|JSONPatch)\b/.test(expression)) return expression
  const open: string[] = []
  let atKey = false
  return expression.replace(TOKENS, (text, ...rest) => {
    const { head, key, sign } = rest.at(-1) as Record<'head' | 'key' | 'sign', string | undefined>
    if (key !== undefined && atKey) {
      atKey = false
      return JSON.stringify(key)
    }
    if (head !== undefined) open.push('literal')
    else if (sign !== undefined && '{(['.includes(sign)) open.push(sign)
    else if (sign !== undefined && sign !== ',') open.pop()
    atKey = head !== undefined || (sign === ',' && open.at(-1) === 'literal')
    return head === undefined ? text : '{'
  })
}
