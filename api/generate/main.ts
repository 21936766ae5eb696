/**
 * Turns raw facts about the Kubernetes API into the project's own compact form. Run it when a new Kubernetes release is
 * wanted: `npm run generate -- --from DIR`, where DIR holds definitions.json (OpenAPI definitions), operations.tsv
 * (method, path, action, kind...) and protobuf.tsv (package, message, number, field, repeated, type).
 *
 * Start with facts.ts (how the raw files are read), then schema.ts (definitions and field numbers as text), resources.ts
 * (what is served where) and types.ts (TypeScript). It writes api/generated/ and api/types/.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readDefinitions, readOperations, readProtobuf } from './facts.ts'
import { POINTERS } from './pointers.ts'
import { resourcesModule } from './resources.ts'
import { describeMessages, schemaModule } from './schema.ts'
import { typesModules } from './types.ts'

const api = join(import.meta.dirname, '..')

function main(): void {
  const { values } = parseArgs({ options: { from: { type: 'string' } } })
  if (!values.from) throw new Error('say where the raw facts are: npm run generate -- --from DIR')
  const read = (name: string) => readFileSync(join(values.from!, name), 'utf8')
  const definitions = readDefinitions(read('definitions.json'))
  const messages = describeMessages(definitions, readProtobuf(read('protobuf.tsv')), POINTERS)
  write('generated/schema.ts', schemaModule(messages))
  write('generated/resources.ts', resourcesModule(readOperations(read('operations.tsv'))))
  for (const [name, text] of typesModules(messages)) write(`types/${name}.ts`, text)
}

function write(path: string, text: string): void {
  const file = join(api, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  console.log(`${path}: ${text.length} characters`)
}

main()
