import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileJsonPath, JsonPathError } from './jsonpath.ts'

const object = {
  metadata: { name: 'a', labels: { 'example.com/x': 'y' } },
  spec: {
    replicas: 0,
    ports: [
      { port: 80, name: 'http' },
      { port: 443, name: 'https' },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Live', status: 'False' },
    ],
  },
}

describe('a JSONPath', () => {
  const cases: [string, unknown[]][] = [
    ['.metadata.name', ['a']],
    ['{.metadata.name}', ['a']],
    ['$.metadata.name', ['a']],
    ['metadata.name', ['a']],
    ['.spec.replicas', [0]],
    ['.spec.ports[0].port', [80]],
    ['.spec.ports[-1].port', [443]],
    ['.spec.ports[*].name', ['http', 'https']],
    ['.spec.ports[0:1].name', ['http']],
    ['.spec.ports[?(@.port>100)].name', ['https']],
    ['.spec.ports[?(@.port==80)].name', ['http']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='Ready')].status", ['True']],
    ['.status.conditions[?(@.type != "Ready")].type', ['Live']],
    [".metadata.labels['example.com/x']", ['y']],
    ['.metadata.labels.example\\.com/x', ['y']],
    ['.metadata.labels.*', ['y']],
    ['..port', [80, 443]],
    ['.nothing.here', []],
    ['.metadata.name.more', []],
    ['.metadata.toString', []],
    ['.metadata.name[0]', []],
  ]
  for (const [path, expected] of cases) {
    it(`${path} is ${JSON.stringify(expected)}`, () => assert.deepEqual(compileJsonPath(path)(object), expected))
  }

  for (const path of ['.a[', '.a[b]', '.a]', '.a[?(', '.a b']) {
    it(`${path} is none`, () => assert.throws(() => compileJsonPath(path), JsonPathError))
  }
})
