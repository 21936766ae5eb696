/**
 * `$(NAME)` stands for the value of NAME; `$$(NAME)` for the text `$(NAME)`; a name that nobody has stays as it is
 * written, as it is most likely meant for a shell.
 */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (written, name: string | undefined) =>
    name === undefined ? '$' : (values.get(name) ?? written),
  )
}

export function expandAll(texts: readonly string[], values: ReadonlyMap<string, string>): string[] {
  return texts.map(text => expand(text, values))
}
