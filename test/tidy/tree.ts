import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** The sources as text, by their path from the root. Rules read this and nothing else, so they can be shown broken trees. */
export type Tree = ReadonlyMap<string, string>

export function readTree(root: string): Tree {
  const files = globSync('**/*.{ts,mjs}', {
    cwd: root,
    exclude: path => /(^|\/)(node_modules|\.cache|build|\.git)$/.test(path),
  })
  return new Map(files.sort().map(file => [file, readFileSync(join(root, file), 'utf8')]))
}

export const isTest = (file: string): boolean => file.endsWith('.test.ts')

export const roomOf = (file: string): string => file.split('/')[0] ?? ''

export interface Import {
  /** A path of the tree for our own files, else the package's name. */
  target: string
  own: boolean
  /** What is taken from there. */
  names: readonly string[] | 'everything'
}

const IMPORT =
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm

export function importsOf(file: string, text: string): Import[] {
  return Array.from(text.matchAll(IMPORT), match => {
    const target = match[1] ?? match[2] ?? match[3] ?? ''
    const names = namesIn(match[0])
    if (!target.startsWith('.')) return { target, own: false, names }
    return { target: normalize(join(dirname(file), target)), own: true, names }
  })
}

function namesIn(statement: string): Import['names'] {
  if (/\*|\bimport\(/.test(statement)) return 'everything'
  const listed = /\{([^}]*)\}/.exec(statement)?.[1] ?? ''
  return listed.split(',').flatMap(one => /^\s*(?:type\s+)?(\w+)/.exec(one)?.[1] ?? [])
}
