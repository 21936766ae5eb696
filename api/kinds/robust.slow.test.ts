import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeBody, fitToKind } from '../codec/decode.ts'
import { decodeProtobuf, encodeProtobuf } from '../codec/protobuf.ts'
import { ApiError } from '../errors.ts'
import type { Kind } from '../kind.ts'
import { apiVersionOf, type KubeObject } from '../objects.ts'
import { jsonFields, messageFacts, messageOf } from '../schema.ts'
import { describeFieldError } from '../validate/errors.ts'
import { deepCopy } from '../values.ts'
import { builtinKinds } from './registry.ts'

type Random = () => number

/** A generator of numbers in [0, 1) that a seed determines. */
function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const WORDS = ['', 'a', 'web', 'A b', 'x/y', '10.0.0.1', '10%', 'Always', 'In', 'TCP', 'None', '1', '/x', 'é', '-']
const SCALARS: Readonly<Record<string, (random: Random) => unknown>> = {
  string: random => pick(random, WORDS),
  bytes: random => pick(random, ['', 'aGk=']),
  bool: random => random() < 0.5,
  int32: random => pick(random, [-1, 0, 1, 80, 70000]),
  int64: random => pick(random, [-1, 0, 1, 2 ** 40]),
  double: random => pick(random, [-0.5, 0, 1.5]),
  object: () => ({ any: 1 }),
  any: () => 'any',
  quantity: random => pick(random, ['0', '1', '-1', '100m', '1Gi']),
  intOrString: random => pick<unknown>(random, [0, 80, '10%', 'http', '']),
  date: () => '2024-01-01T00:00:00Z',
  raw: () => ({ raw: true }),
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!
}

/** Some value of a type, with some of its fields: whatever a client may send that decodes. */
function some(type: string, random: Random, depth: number): unknown {
  if (type.startsWith('['))
    return Array.from({ length: Math.floor(random() * 3) }, () => some(type.slice(1, -1), random, depth + 1))
  if (type.startsWith('{'))
    return random() < 0.3 ? {} : { [pick(random, WORDS)]: some(type.slice(1, -1), random, depth + 1) }
  const facts = messageFacts(type)
  const scalar = SCALARS[facts?.leaf || type]
  if (scalar) return scalar(random)
  const often = depth < 4 ? 0.7 : depth < 9 ? 0.4 : 0
  const fields = jsonFields(type).filter(() => random() < often)
  return Object.fromEntries(fields.map(field => [field.name, some(field.type, random, depth + 1)]))
}

function someObject(kind: Kind, seed: number): KubeObject {
  const object = some(messageOf(kind), randomFrom(seed), 0) as KubeObject
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind }
}

/** Takes what may be refused with a Status for an answer. */
function answered<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof ApiError && error.code < 500) return undefined
    throw error
  }
}

describe('whatever is sent', () => {
  for (const kind of builtinKinds()) {
    it(`as ${kind.group}/${kind.version} ${kind.kind} is taken or refused, never worse`, () => {
      fc.assert(
        fc.property(fc.nat(), seed => {
          const body = Buffer.from(JSON.stringify(someObject(kind, seed)))
          const decoded = answered(() => {
            const found = decodeBody(body, 'application/json')
            fitToKind(found, kind, 'Warn')
            return found
          })
          if (decoded) liveThrough(kind, decoded.object)
        }),
        { seed: 12, numRuns: 10 },
      )
    })
  }
})

/** Everything that the server asks of a kind's record. */
function liveThrough(kind: Kind, object: KubeObject): void {
  const stored = kind.storage.toStored?.(deepCopy(object)) ?? object
  kind.storage.fromStored?.(deepCopy(stored))
  kind.setDefaults(object)
  kind.strategy.prepareForCreate(object)
  kind.validate(object).map(describeFieldError)
  const old = deepCopy(object)
  kind.strategy.prepareForUpdate(object, old)
  kind.validateUpdate(object, old).map(describeFieldError)
  for (const validate of Object.values(kind.validateSubresource ?? {})) validate(object, old)
  for (const prepare of Object.values(kind.strategy.prepareForSubresource ?? {})) prepare(deepCopy(object), old)
  kind.strategy.prepareForStatusUpdate(object, old)
  kind.strategy.gracePeriod?.(object)
  for (const column of kind.columns) column.cell(object, 0)
  for (const read of Object.values(kind.fields)) assert.equal(typeof read(object), 'string')
  assert.deepEqual(decodeProtobuf(encodeProtobuf(object)).kind, kind.kind)
}
