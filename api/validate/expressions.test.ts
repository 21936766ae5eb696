import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { celProblem } from '../cel/check.ts'
import { builtinKinds } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { describeFieldError } from './errors.ts'

describe('an expression that has not run yet', () => {
  const bool = { names: ['self', 'oldSelf'], result: 'bool' as const }
  const cases: [string, string | undefined][] = [
    ['self.a > 1 && oldSelf.b', undefined],
    ['self.all(x, x > 1 && self.b.exists(y, y == x))', undefined],
    ['self.all(k, v, k == "a" && v > 1)', undefined],
    ['self.map(x, x > 1, x).size() == 2', undefined],
    ['cel.bind(x, self.a, x > 1)', undefined],
    ['type(self.a) == string && sets.contains(self.b, [1]) && ip.isCanonical(self.c)', undefined],
    ['self.?a.orValue(1) == 1 && has(self.b)', undefined],
    ['self.x', undefined],
    ['self.', 'Expected IDENTIFIER'],
    ['self.a ==', 'Unexpected token: EOF'],
    ['other.a > 1', "undeclared reference to 'other' (in container '')"],
    ['self.all(x, y > 1)', "undeclared reference to 'y' (in container '')"],
    ['self.all(x, x > 1) && x', "undeclared reference to 'x' (in container '')"],
    ['cel.bind(x, x, true)', "undeclared reference to 'x' (in container '')"],
    ['self.noSuchFunction()', "found no matching overload for 'dyn.noSuchFunction()'"],
    ['nothing(1)', "found no matching overload for 'nothing(int)'"],
    ['"a"', 'must evaluate to bool'],
    ['self.size()', 'must evaluate to bool'],
    ['1 == "a"', 'no such overload: int == string'],
  ]
  for (const [expression, wanted] of cases) {
    it(expression, () => {
      const found = celProblem(expression, bool)
      if (wanted === undefined) assert.equal(found, undefined)
      else assert.ok(found?.includes(wanted), String(found))
    })
  }
})

function faults(kindName: string, object: object): string[] {
  const kind = builtinKinds().find(({ kind }) => kind === kindName)!
  const copy = structuredClone(object) as KubeObject
  kind.setDefaults(copy)
  return kind.validate(copy).map(describeFieldError)
}

const matchConstraints = {
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['pods'] }],
}
const policy = (spec: object) => ({ metadata: { name: 'p' }, spec: { matchConstraints, ...spec } })
const validates = (...validations: object[]) => policy({ validations })
const good = { expression: 'object.a == 1' }
const failed = (path: string, expression: string, why: string) =>
  `${path}: Invalid value: ${JSON.stringify(expression)}: compilation failed: ${why}`
const undeclared = (name: string) => `undeclared reference to '${name}' (in container '')`

const POLICIES: [string, object, string[]][] = [
  ['a plain one', validates(good), []],
  [
    'all that an expression may speak of',
    validates({
      expression:
        'request.name == namespaceObject.x && oldObject == null && authorizer.path("/a").check("get").allowed()',
    }),
    [],
  ],
  [
    'nothing to do',
    policy({}),
    [
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ],
  ],
  [
    'parameters that it does not have',
    validates({ expression: 'params.x == 1' }),
    [failed('spec.validations[0].expression', 'params.x == 1', undeclared('params'))],
  ],
  [
    'parameters that it has',
    policy({ paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'params.x == 1' }] }),
    [],
  ],
  [
    'variables, each of those before',
    policy({
      variables: [
        { name: 'a', expression: 'object.x' },
        { name: 'b', expression: 'variables.a + 1' },
      ],
      validations: [{ expression: 'variables.a == variables.b' }],
    }),
    [],
  ],
  [
    'a variable of one that comes later',
    policy({
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'b', expression: '1' },
      ],
      validations: [good],
    }),
    [failed('spec.variables[0].expression', 'variables.b', "undefined field 'b'")],
  ],
  [
    'a variable twice, and one that is no name',
    policy({
      variables: [
        { name: 'a', expression: '1' },
        { name: 'a', expression: '1' },
        { name: 'a-b', expression: '1' },
      ],
      validations: [good],
    }),
    [
      'spec.variables[1].name: Duplicate value: "a"',
      'spec.variables[2].name: Invalid value: "a-b": name is not a valid CEL identifier',
    ],
  ],
  [
    'a message that is no text',
    validates({ ...good, messageExpression: '1 == 1' }),
    [failed('spec.validations[0].messageExpression', '1 == 1', 'must evaluate to string')],
  ],
  [
    'a message about rights',
    validates({ ...good, messageExpression: 'string(authorizer)' }),
    [failed('spec.validations[0].messageExpression', 'string(authorizer)', undeclared('authorizer'))],
  ],
  [
    'a reason nobody knows',
    validates({ ...good, reason: 'Because' }),
    [
      'spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
    ],
  ],
  [
    'lines without a message',
    validates({ expression: 'object.a\n== 1' }),
    ['spec.validations[0].message: Required value: message must be specified if expression contains line breaks'],
  ],
  [
    'a message of two lines',
    validates({ ...good, message: 'a\nb' }),
    ['spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks'],
  ],
  [
    'conditions',
    policy({
      matchConditions: [
        { name: 'a', expression: 'object.x' },
        { name: 'a', expression: '1' },
        { name: '!', expression: 'variables.x' },
      ],
      validations: [good],
    }),
    [
      'spec.matchConditions[1].name: Duplicate value: "a"',
      failed('spec.matchConditions[1].expression', '1', 'must evaluate to bool'),
      "spec.matchConditions[2].name: Invalid value: \"!\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      failed('spec.matchConditions[2].expression', 'variables.x', undeclared('variables')),
    ],
  ],
  [
    'annotations',
    policy({
      auditAnnotations: [
        { key: 'a', valueExpression: '"x" + object.y' },
        { key: 'a', valueExpression: 'z' },
      ],
    }),
    [
      failed('spec.auditAnnotations[1].valueExpression', 'z', undeclared('z')),
      'spec.auditAnnotations[1].key: Duplicate value: "a"',
    ],
  ],
]

describe('a ValidatingAdmissionPolicy', () => {
  for (const [what, object, wanted] of POLICIES) {
    it(what, () => assert.deepEqual(faults('ValidatingAdmissionPolicy', object), wanted))
  }
})

describe('a MutatingAdmissionPolicy', () => {
  const mutation = (one: object) => ({
    metadata: { name: 'm' },
    spec: { matchConstraints, reinvocationPolicy: 'Never', mutations: [one] },
  })
  const apply = 'Object{metadata: Object.metadata{labels: {"a": object.metadata.name}}}'
  const patch = '[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: "c"}]'
  const cases: [string, object, string[]][] = [
    ['that applies', mutation({ patchType: 'ApplyConfiguration', applyConfiguration: { expression: apply } }), []],
    ['that patches', mutation({ patchType: 'JSONPatch', jsonPatch: { expression: patch } }), []],
    ['of no type', mutation({}), ['spec.mutations[0].patchType: Required value']],
    [
      'of another type',
      mutation({ patchType: 'Merge' }),
      ['spec.mutations[0].patchType: Unsupported value: "Merge": supported values: "ApplyConfiguration", "JSONPatch"'],
    ],
    [
      'without what it says',
      mutation({ patchType: 'JSONPatch' }),
      ['spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch'],
    ],
    [
      'that speaks of what is not there',
      mutation({ patchType: 'JSONPatch', jsonPatch: { expression: 'who' } }),
      [failed('spec.mutations[0].jsonPatch.expression', 'who', undeclared('who'))],
    ],
  ]
  for (const [what, object, wanted] of cases) {
    it(what, () => assert.deepEqual(faults('MutatingAdmissionPolicy', object), wanted))
  }
})

describe('the conditions of a webhook', () => {
  const of = (expression: string) => ({
    metadata: { name: 'w' },
    webhooks: [
      {
        ...{ name: 'a.example.com', clientConfig: { url: 'https://a.example.com' }, sideEffects: 'None' },
        ...{ admissionReviewVersions: ['v1'], matchConditions: [{ name: 'c', expression }] },
      },
    ],
  })
  const where = 'webhooks[0].matchConditions[0].expression'
  const cases: [string, string[]][] = [
    ['!("system:nodes" in request.userInfo.groups)', []],
    ['namespaceObject.x == 1', [failed(where, 'namespaceObject.x == 1', undeclared('namespaceObject'))]],
    ['request.name', []],
  ]
  for (const [expression, wanted] of cases) {
    for (const kind of ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']) {
      it(`${kind}: ${expression}`, () => assert.deepEqual(faults(kind, of(expression)), wanted))
    }
  }
})
