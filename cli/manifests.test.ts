import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dump } from 'js-yaml'
import { FlagReader, type FlagTable, parseDuration } from './flags.ts'
import { flagsOfManifest, manifestOf } from './manifests.ts'
import { UserError } from './output.ts'

describe('a manifest', () => {
  const flags = new Map([
    ['advertise-address', '192.168.56.10'],
    ['enable-admission-plugins', 'A,B'],
  ])

  it('gives back the flags that were put in', () => {
    const text = dump(manifestOf('kube-apiserver', flags, 'v1'))
    assert.deepEqual(flagsOfManifest(text, 'x.yaml', 'kube-apiserver'), flags)
  })

  it('may hold flags with one dash, without a value, with an equals sign inside, and in args', () => {
    const text = `spec:
  containers:
  - command: [etcd, -name=a, --debug]
    args: ["--initial-cluster=a=https://1:2380"]`
    assert.deepEqual(
      [...flagsOfManifest(text, 'x', 'etcd')],
      [
        ['name', 'a'],
        ['debug', 'true'],
        ['initial-cluster', 'a=https://1:2380'],
      ],
    )
  })

  const refused: [string, string, RegExp][] = [
    ['is not YAML', 'a: [', /x\.yaml is not YAML/],
    ['holds nothing', '{}', /command must begin with etcd/],
    ['runs something else', 'spec: {containers: [{command: [sh]}]}', /command must begin with etcd/],
    ['has a word that is no flag', 'spec: {containers: [{command: [etcd, hello]}]}', /"hello" is not a flag/],
  ]
  for (const [name, text, message] of refused) {
    it(`is refused when it ${name}`, () => assert.throws(() => flagsOfManifest(text, 'x.yaml', 'etcd'), message))
  }
})

describe('flags', () => {
  const table: FlagTable = { port: 'number', on: 'boolean', names: 'list', wait: 'duration', 'secure-port': 'number' }
  const read = (pairs: [string, string][]) => new FlagReader(new Map(pairs), table, '/etc/x.yaml')

  it('are read by their type', () => {
    const reader = read([
      ['port', '6443'],
      ['on', 'true'],
      ['names', 'a, b,'],
      ['wait', '1m30s'],
    ])
    assert.deepEqual(
      [reader.number('port'), reader.boolean('on'), reader.list('names'), reader.duration('wait')],
      [6443, true, ['a', 'b'], 90_000],
    )
    assert.equal(reader.number('secure-port'), undefined)
  })

  const refused: [string, () => unknown, RegExp][] = [
    ['a word for a number', () => read([['port', 'x']]).number('port'), /--port=x must be a number/],
    ['maybe', () => read([['on', 'maybe']]).boolean('on'), /--on=maybe must be true or false/],
    ['a bare number as duration', () => read([['wait', '5']]).duration('wait'), /must be a duration such as 30s/],
    ['an unknown flag', () => read([['secure-prot', '1']]), /\/etc\/x\.yaml: unknown flag --secure-prot/],
  ]
  for (const [name, act, message] of refused) it(`are refused: ${name}`, () => assert.throws(act, message))

  it('are suggested when one was mistyped', () => {
    assert.throws(
      () => read([['secure-prot', '1']]),
      (error: unknown) => error instanceof UserError && error.remedy === 'did you mean --secure-port?',
    )
  })

  const booleans: [string, boolean | undefined][] = [
    ...['1', 't', 'T', 'true', 'True', 'TRUE'].map((text): [string, boolean] => [text, true]),
    ...['0', 'f', 'F', 'false', 'False', 'FALSE'].map((text): [string, boolean] => [text, false]),
    ...['', 'yes', 'tRUE', '2', 'constructor'].map((text): [string, undefined] => [text, undefined]),
  ]
  for (const [text, expected] of booleans) {
    it(`${JSON.stringify(text)} is ${expected ?? 'neither true nor false'}`, () => {
      const reader = read([['on', text]])
      if (expected === undefined) assert.throws(() => reader.boolean('on'), UserError)
      else assert.equal(reader.boolean('on'), expected)
    })
  }

  const durations: [string, number | undefined][] = [
    ['0', 0],
    ['10s', 10_000],
    ['1h0m0s', 3_600_000],
    ['1.5s', 1500],
    ['100ms', 100],
    ['s', undefined],
    ['1d', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of durations)
    it(`${JSON.stringify(text)} lasts ${expected} ms`, () => assert.equal(parseDuration(text), expected))
})
