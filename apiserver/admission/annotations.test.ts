import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../testing.ts'

/** What admission has written down about a request, beside letting it pass or not. */

const GROUP = '/apis/admissionregistration.k8s.io/v1'
const FAILURE = 'validation.policy.admission.k8s.io/validation_failure'
const SECURITY = 'pod-security.kubernetes.io'

describe('the audit log hears from admission', () => {
  let server: TestServer
  const lines: string[] = []
  before(async () => {
    const policy = { omitStages: ['RequestReceived' as const], rules: [{ level: 'Metadata' as const }] }
    server = await startTestServer({ audit: { policy, log: { write: line => lines.push(line) } } })
  })
  after(() => server.server.close())

  async function make(path: string, body: object): Promise<void> {
    const { status, text } = await server.call('POST', path, { body })
    assert.equal(status, 201, text)
  }

  /** What admission has noted of a request, without what authorization has; and how the request ended. */
  async function noted(path: string, body: object): Promise<[number, Record<string, string>]> {
    const { status } = await server.call('POST', path, { body })
    const { annotations } = JSON.parse(lines.at(-1)!)
    const own = Object.entries<string>(annotations).filter(([key]) => !key.startsWith('authorization.'))
    return [status, Object.fromEntries(own)]
  }

  /** Policies for the ConfigMaps of a namespace of their own, bound once for each list of actions. */
  async function policed(name: string, spec: object, ...actions: string[][]): Promise<string> {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': name } }
    const matchConstraints = { resourceRules: [rule], namespaceSelector }
    await make('/api/v1/namespaces', { metadata: { name } })
    await make(`${GROUP}/validatingadmissionpolicies`, { metadata: { name }, spec: { matchConstraints, ...spec } })
    for (const [at, validationActions] of actions.entries()) {
      const binding = { metadata: { name: `${name}-${at}` }, spec: { policyName: name, validationActions } }
      await make(`${GROUP}/validatingadmissionpolicybindings`, binding)
    }
    return `/api/v1/namespaces/${name}/configmaps`
  }

  const validations = [{ expression: 'true' }, { expression: "object.metadata.name == 'good'", message: 'not good' }]
  const failure = (binding: string, validationActions: string[]) => ({
    ...{ message: 'not good', policy: binding.slice(0, -2), binding, expressionIndex: 1, validationActions },
  })
  const outcomes: [string, string, string[][], number, object[] | undefined][] = [
    ['watched', 'bad', [['Audit']], 201, [failure('watched-0', ['Audit'])]],
    ['kept', 'good', [['Audit']], 201, undefined],
    ['silent', 'bad', [['Warn']], 201, undefined],
    ['refused', 'bad', [['Deny', 'Audit']], 422, [failure('refused-0', ['Deny', 'Audit'])]],
    [
      'twice',
      'bad',
      [['Audit'], ['Audit', 'Warn']],
      201,
      [failure('twice-0', ['Audit']), failure('twice-1', ['Audit', 'Warn'])],
    ],
  ]
  for (const [policy, name, actions, code, failures] of outcomes) {
    it(`of a ${name} object under ${actions.map(one => one.join(' and ')).join(', then ')}`, async () => {
      const path = await policed(policy, { validations }, ...actions)
      const [status, notes] = await noted(path, { metadata: { name } })
      assert.equal(status, code)
      assert.deepEqual(notes[FAILURE] && JSON.parse(notes[FAILURE]), failures)
    })
  }

  const values: [string, string, object, number, object][] = [
    ['says-who', "'by ' + request.userInfo.username", {}, 201, { 'says-who/key': 'by kubernetes-admin' }],
    ['says-all', "' as a blank '", { validations }, 422, { 'says-all/key': 'as a blank' }],
    ['says-none', 'null', { validations: [{ expression: 'true' }] }, 201, {}],
    ['says-empty', "''", {}, 201, {}],
    ['says-wrong', 'object.data.none', {}, 422, {}],
    ['says-wrong-and-may', 'object.data.none', { failurePolicy: 'Ignore' }, 201, {}],
  ]
  for (const [policy, valueExpression, spec, code, notes] of values) {
    it(`what the policy ${policy}: ${code}`, async () => {
      const path = await policed(policy, { auditAnnotations: [{ key: 'key', valueExpression }], ...spec }, ['Deny'])
      assert.deepEqual(await noted(path, { metadata: { name: 'bad' } }), [code, notes])
    })
  }

  it('each value of several parameters once', async () => {
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' }
    const auditAnnotations = [{ key: 'key', valueExpression: 'params.data.value' }]
    const path = await policed('params', { paramKind, auditAnnotations })
    for (const [name, value] of Object.entries({ a: 'one', b: 'two', c: 'one' })) {
      const metadata = { name, labels: { param: 'yes' } }
      await make('/api/v1/namespaces/default/configmaps', { metadata, data: { value } })
    }
    const paramRef = {
      ...{ selector: { matchLabels: { param: 'yes' } }, namespace: 'default', parameterNotFoundAction: 'Deny' },
    }
    await make(`${GROUP}/validatingadmissionpolicybindings`, {
      metadata: { name: 'params' },
      spec: { policyName: 'params', validationActions: ['Deny'], paramRef },
    })
    assert.deepEqual(await noted(path, { metadata: { name: 'x' } }), [201, { 'params/key': 'one, two' }])
  })

  const levels: [string, Record<string, string>, number, Record<string, string>][] = [
    ['plain', {}, 201, { 'enforce-policy': 'privileged:latest' }],
    ['strict', { enforce: 'baseline', 'enforce-version': 'v1.30' }, 403, { 'enforce-policy': 'baseline:v1.30' }],
    [
      'listening',
      { audit: 'baseline' },
      201,
      {
        'enforce-policy': 'privileged:latest',
        'audit-violations': 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
      },
    ],
  ]
  for (const [name, wanted, code, expected] of levels) {
    it(`how safe a pod is in a namespace that is ${name}: ${code}`, async () => {
      const labels = Object.fromEntries(Object.entries(wanted).map(([key, value]) => [`${SECURITY}/${key}`, value]))
      await make('/api/v1/namespaces', { metadata: { name, labels } })
      await make(`/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } })
      const spec = { hostNetwork: true, containers: [{ name: 'c', image: 'x' }] }
      const [status, notes] = await noted(`/api/v1/namespaces/${name}/pods`, { metadata: { name: 'p' }, spec })
      const notesExpected = Object.entries(expected).map(([key, value]) => [`${SECURITY}/${key}`, value])
      assert.deepEqual([status, notes], [code, Object.fromEntries(notesExpected)])
    })
  }
})
