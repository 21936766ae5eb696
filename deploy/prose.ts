import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtinKinds } from '../api/kinds/registry.ts'
import { NO_PROSE, type ProseFile } from '../api/openapi/prose.ts'
import { v2Document } from '../api/openapi/v2.ts'

/**
 * The sentences of `kubectl explain`, taken when a release is built from the comments of the official client's types. The
 * project itself holds none of them.
 */
export function collectProse(models: string): ProseFile {
  const classes = new Set(readdirSync(models).filter(name => name.endsWith('.d.ts')))
  const { definitions } = v2Document(builtinKinds(), '', NO_PROSE)
  const entries = Object.entries(definitions).flatMap(([name, { properties = {} }]) => {
    const file = classNames(name).find(candidate => classes.has(`${candidate}.d.ts`))
    if (!file) return []
    const sentences = parseClass(readFileSync(join(models, `${file}.d.ts`), 'utf8'))
    return [[name, chooseFields(sentences, Object.keys(properties as object))] as const]
  })
  return Object.fromEntries(entries)
}

/** `io.k8s.api.core.v1.Event` is called `CoreV1Event` where other groups have an Event, else `V1Event`. */
export function classNames(definition: string): string[] {
  const [kind = '', version = '', group = ''] = definition.split('.').reverse()
  const short = capital(version) + kind
  return [capital(group) + short, short]
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const COMMENTED = /\/\*\*\s*\*([\s\S]*?)\*\/\s*(?:export declare class \w+|'([^']+)'\??:)/g

/** The comment of a class under '', those of its fields under their names. */
export function parseClass(text: string): Map<string, string> {
  // The first comment is the file's own.
  const body = text.slice(text.indexOf('*/') + 2)
  const found = [...body.matchAll(COMMENTED)].map(
    ([, comment = '', field = '']) => [plain(field), clean(comment)] as const,
  )
  return new Map(found)
}

function clean(comment: string): string {
  return comment
    .replace(/^\s*\*/gm, '')
    .replace(/\\(['"])/g, '$1')
    .trim()
}

/** Fields are not always called in TypeScript as they are in JSON: `_continue`, `x_kubernetes_validations`. */
function plain(field: string): string {
  return field.replace(/[^A-Za-z0-9]/g, '').toLowerCase()
}

function chooseFields(sentences: Map<string, string>, fields: string[]): Record<string, string> {
  const chosen = ['', ...fields].flatMap(field => {
    const sentence = sentences.get(plain(field))
    return sentence ? [[field, sentence] as const] : []
  })
  return Object.fromEntries(chosen)
}
