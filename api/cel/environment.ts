/**
 * cel/ is the Common Expression Language as Kubernetes speaks it: environment.ts the functions that Kubernetes adds (those on
 * texts, addresses, formats, versions and rights in files of their own), budget.ts what an expression may cost, program.ts
 * expressions made ready, check.ts what is wrong with one before it runs, value.ts JSON as CEL sees it.
 */

import { Environment } from '@marcbachmann/cel-js'
import {
  addQuantity,
  compareQuantity,
  isQuantity,
  parseQuantity,
  quantityNumber,
  quantityValue,
  subtractQuantity,
} from '../quantity.ts'
import { deepEqual } from '../values.ts'
import { addAddresses } from './addresses.ts'
import { addAuthorizer } from './authorizer.ts'
import { METERS, spend } from './budget.ts'
import { addFormats } from './formats.ts'
import { addPairs } from './pairs.ts'
import { addSemver } from './semver.ts'
import { addStrings } from './strings.ts'
import { addUrls } from './urls.ts'

/** A quantity inside of an expression. */
class CelQuantity {
  readonly text: string
  constructor(text: string) {
    parseQuantity(text)
    this.text = text
  }
}

const LIMITS = { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 32 }

export function celEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: LIMITS,
  })
  addStrings(environment)
  addFormats(environment)
  addSemver(environment)
  addPairs(environment)
  addLists(environment)
  addSets(environment)
  addJsonPatch(environment)
  addQuantities(environment)
  addUrls(environment)
  addAddresses(environment)
  addAuthorizer(environment)
  for (const [name, meter] of Object.entries(METERS)) environment.registerFunction(`${name}(dyn): dyn`, meter)
  return environment
}

type Ordered = bigint | number | string

function addLists(environment: Environment): void {
  const least = (list: Ordered[]) => list.reduce((a, b) => (b < a ? b : a))
  const most = (list: Ordered[]) => list.reduce((a, b) => (b > a ? b : a))
  environment
    .registerFunction('list.isSorted(): bool', (list: Ordered[]) =>
      list.every((one, i) => i === 0 || list[i - 1]! <= one),
    )
    .registerFunction('list.sum(): dyn', (list: bigint[]) =>
      list.reduce((sum, one) => sum + one, typeof list[0] === 'number' ? (0 as never) : 0n),
    )
    .registerFunction('list.min(): dyn', (list: Ordered[]) => least(nonEmpty(list, 'min')))
    .registerFunction('list.max(): dyn', (list: Ordered[]) => most(nonEmpty(list, 'max')))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], one: unknown) =>
      BigInt(list.findIndex(other => deepEqual(one, other))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], one: unknown) =>
      BigInt(list.findLastIndex(other => deepEqual(one, other))),
    )
}

function nonEmpty<T>(list: T[], name: string): T[] {
  if (list.length === 0) throw new Error(`${name} called on empty list`)
  return list
}

/** `jsonpatch.escapeKey` is called on this. */
class JsonPatchFunctions {}

function addJsonPatch(environment: Environment): void {
  environment
    .registerType('kubernetes.JsonPatchFunctions', JsonPatchFunctions)
    .registerConstant('jsonpatch', 'kubernetes.JsonPatchFunctions', new JsonPatchFunctions())
    .registerFunction('kubernetes.JsonPatchFunctions.escapeKey(string): string', (_: unknown, key: string) => {
      return key.replaceAll('~', '~0').replaceAll('/', '~1')
    })
}

/** What `sets.contains` and its like are called on. */
class Sets {}

function addSets(environment: Environment): void {
  const has = (list: unknown[]) => (one: unknown) => {
    spend(list.length / 4)
    return list.some(other => deepEqual(one, other))
  }
  const contains = (a: unknown[], b: unknown[]) => b.every(has(a))
  environment
    .registerType('kubernetes.Sets', Sets)
    .registerConstant('sets', 'kubernetes.Sets', new Sets())
    .registerFunction('kubernetes.Sets.contains(list, list): bool', (_: Sets, a: unknown[], b: unknown[]) =>
      contains(a, b),
    )
    .registerFunction('kubernetes.Sets.equivalent(list, list): bool', (_: Sets, a: unknown[], b: unknown[]) => {
      return contains(a, b) && contains(b, a)
    })
    .registerFunction('kubernetes.Sets.intersects(list, list): bool', (_: Sets, a: unknown[], b: unknown[]) =>
      b.some(has(a)),
    )
}

/** Without a fraction, and within 64 bits. */
function isWhole(text: string): boolean {
  const value = quantityValue(text)
  return compareQuantity(text, String(value)) === 0 && BigInt.asIntN(64, BigInt(value)) === BigInt(value)
}

function addQuantities(environment: Environment): void {
  const sign = (one: CelQuantity) => BigInt(compareQuantity(one.text, 0))
  environment
    .registerType('kubernetes.Quantity', CelQuantity)
    .registerFunction('isQuantity(string): bool', (text: string) => isQuantity(text))
    .registerFunction('quantity(string): kubernetes.Quantity', (text: string) => new CelQuantity(text))
    .registerFunction('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: CelQuantity, b: CelQuantity) => {
      return BigInt(compareQuantity(a.text, b.text))
    })
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: CelQuantity, b: CelQuantity) => {
        return compareQuantity(a.text, b.text) > 0
      },
    )
    .registerFunction('kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool', (a: CelQuantity, b: CelQuantity) => {
      return compareQuantity(a.text, b.text) < 0
    })
    .registerFunction(
      'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity',
      (a: CelQuantity, b: CelQuantity) => {
        return new CelQuantity(addQuantity(a.text, b.text))
      },
    )
    .registerFunction(
      'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity',
      (a: CelQuantity, b: CelQuantity) => {
        return new CelQuantity(subtractQuantity(a.text, b.text))
      },
    )
    .registerFunction('kubernetes.Quantity.add(int): kubernetes.Quantity', (a: CelQuantity, b: bigint) => {
      return new CelQuantity(addQuantity(a.text, String(b)))
    })
    .registerFunction('kubernetes.Quantity.sub(int): kubernetes.Quantity', (a: CelQuantity, b: bigint) => {
      return new CelQuantity(subtractQuantity(a.text, String(b)))
    })
    .registerFunction('kubernetes.Quantity.isInteger(): bool', ({ text }: CelQuantity) => isWhole(text))
    .registerFunction('kubernetes.Quantity.sign(): int', sign)
    .registerFunction('kubernetes.Quantity.asInteger(): int', ({ text }: CelQuantity) => {
      if (!isWhole(text)) throw new Error('cannot convert value to integer')
      return BigInt(quantityValue(text))
    })
    .registerFunction('kubernetes.Quantity.asApproximateFloat(): double', (one: CelQuantity) =>
      quantityNumber(one.text),
    )
}
