import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kind } from './kind.ts'
import { findKind } from './kinds/registry.ts'
import type { KubeObject } from './objects.ts'
import { describeFieldError } from './validate/errors.ts'
import { deepCopy } from './values.ts'

/**
 * Tables of what is wrong with an object: each row is a change to a good one and all the faults that Kubernetes finds in
 * the outcome, none when the row ends after the change.
 *
 *     describeFaults('a port', { object: pod, at: 'spec.containers[0].ports[0]' }, [
 *       [{ containerPort: 80 }],
 *       [{ containerPort: 0 }, 'containerPort: Required value'],
 *     ])
 *
 * Changes and faults are given by their path below `at`; a fault elsewhere begins with `/`. Nothing (undefined) takes a
 * field away.
 */
type Patch = Record<string, unknown>
type FaultRow = readonly [change: Patch, ...faults: string[]]

interface Subject {
  object: object
  /** Where the rows' paths begin. */
  at?: string
}

// biome-ignore lint/suspicious/noExplicitAny: tests reach into objects of every kind
type Anything = any

function kindOf(object: object): Kind {
  const { apiVersion = '', kind = '' } = object as KubeObject
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const found = findKind(group, version, kind)
  if (!found) throw new Error(`no kind is called ${apiVersion} ${kind}`)
  return found
}

/** The object with its defaults, as the server looks at it. */
function withDefaults<T extends object>(object: T): T {
  const copy = deepCopy(object)
  kindOf(copy).setDefaults(copy as KubeObject)
  return copy
}

/** A copy with some fields changed: `spec.ports[0].name`. */
function change<T extends object>(object: T, patch: Patch, at = ''): T {
  const copy = deepCopy(object)
  for (const [path, value] of Object.entries(patch)) setPath(copy, join(at, path), deepCopy(value))
  return copy
}

function join(at: string, path: string): string {
  if (at === '' || path === '') return at || path
  return path.startsWith('[') ? at + path : `${at}.${path}`
}

function setPath(target: Anything, path: string, value: unknown): void {
  const steps = path.split(/[.[\]]+/).filter(Boolean)
  const last = steps.pop()!
  let here = target
  steps.forEach((step, index) => {
    here[step] ??= /^\d+$/.test(steps[index + 1] ?? last) ? [] : {}
    here = here[step]
  })
  if (value === undefined) delete here[last]
  else here[last] = value
}

function wanted(faults: readonly string[], at: string): string[] {
  const place = (fault: string) => {
    if (fault.startsWith('/')) return fault.slice(1)
    return fault.startsWith(':') || at === '' ? at + fault : join(at, fault)
  }
  return faults.map(place).sort()
}

const title = (patch: Patch, faults: readonly string[]) =>
  `${JSON.stringify(patch).slice(0, 120)}: ${faults.length === 0 ? 'is fine' : faults.join(', ').slice(0, 120)}`

/** New objects; what may be made may also stay as it is. */
export function describeFaults(what: string, { object, at = '' }: Subject, rows: readonly FaultRow[]): void {
  describe(what, () => {
    for (const [patch, ...faults] of rows) {
      it(title(patch, faults), () => {
        const changed = withDefaults(change(object, patch, at)) as KubeObject
        const kind = kindOf(changed)
        assert.deepEqual(kind.validate(changed).map(describeFieldError).sort(), wanted(faults, at))
        if (faults.length > 0) return
        assert.deepEqual(kind.validateUpdate(changed, deepCopy(changed)).map(describeFieldError), [])
      })
    }
  })
}

type UpdateRow = readonly [before: Patch, after: Patch, ...faults: string[]]

/** Changes of an object that stands; `through` names the subresource they come by. */
export function describeUpdates(
  what: string,
  subject: Subject & { through?: string },
  rows: readonly UpdateRow[],
): void {
  const { object, at = '', through } = subject
  describe(what, () => {
    for (const [before, after, ...faults] of rows) {
      it(`from ${JSON.stringify(before).slice(0, 80)} to ${title(after, faults)}`, () => {
        const old = withDefaults(change(object, before, at)) as KubeObject
        const now = withDefaults(change(old, after, at))
        const kind = kindOf(now)
        const validate = through === undefined ? kind.validateUpdate : kind.validateSubresource![through]!
        assert.deepEqual(validate(now, old).map(describeFieldError).sort(), wanted(faults, at))
      })
    }
  })
}

/** Good objects that more than one table begins with. */
export const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'ns' },
  spec: { containers: [{ name: 'c', image: 'nginx' }] },
}

export const VERSION = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }
export const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [VERSION],
  },
  status: { storedVersions: ['v1'] },
}

/** Pieces of expressions that make programs when they happen to fit, and nonsense else. */
export const CEL_PIECES = [
  ...['self', 'object', '.metadata', '.name', '.spec', '.list', '.port', '[0]', '["a"]', '[', ']', '(', ')', '{', '}'],
  ...['==', ' && ', ' || ', ' + ', '-', '!', '?', ':', ',', ' in ', ' ', '/ 0', '% 0', '\\', '\u0000', 'ü', "'"],
  ...['"x"', '1', '2u', '1.5', '9223372036854775807', 'null', 'true', 'type(', 'dyn(', 'size(', 'has(', 'int("x")'],
  ...['.matches("(")', '.find("(")', '.all(x, x', '.map(x, [x])', '.join("")', '.replace("", "x")', '.format(['],
  ...['quantity("1k")', 'duration("1z")', 'timestamp("")', 'cel.bind(x,'],
] as const

/** What Kubernetes says of names that break a rule; written down once, for all tables. */
export const BAD = {
  subdomain:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  label:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  label1035:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  qualified:
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  value:
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  key: "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  env: "a valid environment variable name must consist only of printable ASCII characters other than '='",
  dots: 'must not contain dots',
  ip: 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  cidr: 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  port: 'must be between 1 and 65535, inclusive',
  negative: 'must be greater than or equal to 0',
  zero: 'must be greater than 0',
  percent:
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
} as const
