import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { describeFieldError } from '../../api/validate/errors.ts'
import { startTestServer } from '../testing.ts'
import { parseAuthorizationConfig } from './authorization-config.ts'
import type { AuthWebhook } from './webhooks.ts'

const HEAD = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration' }
const WEBHOOK = {
  ...{ timeout: '3s', subjectAccessReviewVersion: 'v1', failurePolicy: 'Deny' },
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/etc/rights.conf' },
}
const rbac = { type: 'RBAC', name: 'rbac' }
const webhook = (more: object = {}, name = 'rights') => ({ type: 'Webhook', name, webhook: { ...WEBHOOK, ...more } })
const when = (...expressions: unknown[]) => ({
  matchConditionSubjectAccessReviewVersion: 'v1',
  matchConditions: expressions.map(expression => ({ expression })),
})

describe('an authorization configuration', () => {
  it('names authorizers in their order', () => {
    const more = {
      ...{ authorizedTTL: '1m', unauthorizedTTL: '2s', failurePolicy: 'NoOpinion' },
      ...when('has(request.resourceAttributes)', "request.user == 'ann'"),
    }
    const uncached = webhook({ cacheAuthorizedRequests: false, authorizedTTL: '1m' }, 'second')
    const { authorizers, errors } = parseAuthorizationConfig({ ...HEAD, authorizers: [webhook(more), rbac, uncached] })
    assert.deepEqual(errors, [])
    const [first, second, third] = authorizers as [AuthWebhook, string, AuthWebhook]
    assert.deepEqual(first, {
      ...{ name: 'rights', version: 'v1', timeoutMs: 3000, yesGoodMs: 60_000, noGoodMs: 2000, onFailure: 'NoOpinion' },
      conditions: ['has(request.resourceAttributes)', "request.user == 'ann'"],
      kubeConfigFile: '/etc/rights.conf',
    })
    assert.equal(second, 'RBAC')
    assert.deepEqual([third.yesGoodMs, third.noGoodMs, third.conditions], [0, undefined, []])
  })

  const older = ['v1beta1', 'v1alpha1'].map(version => `apiserver.config.k8s.io/${version}`)
  for (const apiVersion of older) {
    it(`is read in ${apiVersion}`, () =>
      assert.deepEqual(parseAuthorizationConfig({ ...HEAD, apiVersion, authorizers: [rbac] }).authorizers, ['RBAC']))
  }

  const conditions = 'authorizers[0].webhook.matchConditions'
  const faults: [string, unknown, RegExp][] = [
    ['nothing', null, /^kind: Required/],
    ['another kind', { ...HEAD, kind: 'Config', authorizers: [rbac] }, /^kind: Unsupported value: "Config"/],
    ['another version', { ...HEAD, apiVersion: 'v1', authorizers: [rbac] }, /^apiVersion: Unsupported value: "v1"/],
    ['no authorizer', HEAD, /^authorizers: Required value/],
    ['a field that is none', { ...HEAD, modes: [], authorizers: [rbac] }, /^modes: Forbidden: unknown field/],
    ['what no authorizer is', [5], /^authorizers\[0\].type: Required value; authorizers\[0\].name: Required/],
    ['a type that is none', [{ type: 'Oracle', name: 'x' }], /type: Unsupported value: "Oracle"/],
    ['ABAC, which has its own flag', [{ type: 'ABAC', name: 'x' }], /type: Unsupported value: "ABAC"/],
    ['a type twice', [rbac, { type: 'RBAC', name: 'x' }], /authorizers\[1\].type: Duplicate value: "RBAC"/],
    ['a name twice', [rbac, webhook({}, 'rbac')], /authorizers\[1\].name: Duplicate value: "rbac"/],
    ['a name that is none', [{ type: 'Node', name: 'A b' }], /name: Invalid value: "A b"/],
    ['a webhook without its own', [{ type: 'Webhook', name: 'x' }], /webhook: Required value/],
    ['a webhook for RBAC', [{ ...rbac, webhook: {} }], /webhook: Forbidden: may only be specified when type=Webhook/],
    ['a field of a webhook that is none', [webhook({ url: 'x' })], /webhook.url: Forbidden: unknown field/],
    ['no timeout', [webhook({ timeout: undefined })], /timeout: Required/],
    ['a timeout without end', [webhook({ timeout: '31s' })], /timeout: Invalid value: "31s": must be <= 30s/],
    ['a timeout of nothing', [webhook({ timeout: '0s' })], /must be > 0s/],
    ['a timeout that is none', [webhook({ timeout: 3 })], /must be a duration/],
    ['a time to keep below zero', [webhook({ authorizedTTL: '-1s' })], /authorizedTTL: Invalid value: "-1s"/],
    ['a time to keep that is none', [webhook({ unauthorizedTTL: 'x' })], /unauthorizedTTL: Invalid value: "x"/],
    ['a yes that is none', [webhook({ cacheAuthorizedRequests: 'y' })], /must be true or false/],
    ['no version', [webhook({ subjectAccessReviewVersion: '' })], /subjectAccessReviewVersion: Required/],
    ['a version that is none', [webhook({ subjectAccessReviewVersion: 'v2' })], /Unsupported value: "v2"/],
    ['a failure policy that is none', [webhook({ failurePolicy: 'Allow' })], /supported values: "Deny", "NoOpinion"/],
    [
      'an account of its own pod',
      [webhook({ connectionInfo: { type: 'InClusterConfig' } })],
      /Unsupported value: "InC/,
    ],
    [
      'a path from somewhere',
      [webhook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'x' } })],
      /absolute/,
    ],
    [
      'conditions without their version',
      [webhook({ ...when('true'), matchConditionSubjectAccessReviewVersion: '' })],
      /matchConditionSubjectAccessReviewVersion: Required/,
    ],
    ['a condition that is none', [webhook(when('1 +'))], /expression: Invalid value: "1 \+": compilation failed/],
    ['a condition about something else', [webhook(when('object.x'))], /undeclared reference to 'object'/],
    ['a condition that is a text', [webhook(when("'x'"))], /must evaluate to bool/],
    ['an empty condition', [webhook(when(' '))], /expression: Required/],
    ['a condition twice', [webhook(when('true', 'true'))], /matchConditions\[1\].expression: Duplicate value: "true"/],
    [
      '65 conditions',
      [webhook(when(...Array.from({ length: 65 }, (_, n) => `${n} == 1`)))],
      /must have at most 64 items/,
    ],
  ]
  for (const [what, value, message] of faults) {
    it(`with ${what} is refused`, () => {
      const config = Array.isArray(value) ? { ...HEAD, authorizers: value } : value
      const { authorizers, errors } = parseAuthorizationConfig(config)
      assert.deepEqual(authorizers, [])
      assert.match(errors.map(describeFieldError).join('; '), message, conditions)
    })
  }
})

describe('webhooks that an authorization configuration names', () => {
  const asked: Record<string, unknown>[] = []
  let answer: { status: number; body: object } = { status: 200, body: {} }
  const service = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      asked.push(JSON.parse(Buffer.concat(chunks).toString()).spec)
      response.statusCode = answer.status
      response.end(JSON.stringify(answer.body))
    })
  })
  let url: string
  before(async () => {
    await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`
  })
  beforeEach(() => {
    asked.length = 0
  })
  after(() => {
    service.close()
    service.closeAllConnections()
  })

  const allowed = { status: 200, body: { status: { allowed: true } } }
  const denied = { status: 200, body: { status: { allowed: false, denied: true, reason: 'closed' } } }
  const silent = { status: 200, body: { status: { allowed: false } } }
  const broken = { status: 503, body: {} }
  const MAPS = '/api/v1/namespaces/default/configmaps'
  // Somebody whom RBAC lets read the version, and nothing else.
  const as = { name: 'ann', groups: ['system:authenticated'], extra: { team: ['red'] } }
  const here = "request.resourceAttributes.namespace == 'default'"
  const error = 'request.extra.none[0] == "x"'
  const cases: [string, Partial<AuthWebhook>, typeof answer, string, number, number][] = [
    ['is asked about everything without conditions', {}, allowed, MAPS, 200, 1],
    ['has the last word with a no', {}, denied, '/version', 403, 1],
    ['leaves it to the next without an opinion', {}, silent, '/version', 200, 1],
    [
      'is asked where all conditions hold',
      { conditions: ['has(request.resourceAttributes)', here] },
      allowed,
      MAPS,
      200,
      1,
    ],
    ['is not asked where one does not', { conditions: ["request.user == 'bob'"] }, denied, '/version', 200, 0],
    [
      'is not asked where one does not and another cannot be told',
      { conditions: [error, 'false'] },
      denied,
      '/version',
      200,
      0,
    ],
    [
      'may see groups, extra and uid',
      { conditions: ["request.extra.team[0] == 'red' && request.uid == ''"] },
      allowed,
      MAPS,
      200,
      1,
    ],
    [
      'may be for paths',
      { conditions: ["request.nonResourceAttributes.path == '/version'"] },
      denied,
      '/version',
      403,
      1,
    ],
    ['that cannot be asked denies where it shall', { onFailure: 'Deny', name: 'x' }, broken, '/version', 403, 1],
    ['that cannot be asked thinks nothing where it shall', { onFailure: 'NoOpinion' }, broken, '/version', 200, 1],
    [
      'whose condition cannot be told denies where it shall',
      { conditions: [error], onFailure: 'Deny' },
      allowed,
      '/version',
      403,
      0,
    ],
    [
      'whose condition cannot be told thinks nothing where it shall',
      { conditions: [error] },
      denied,
      '/version',
      200,
      0,
    ],
  ]
  for (const [what, webhook, says, path, code, times] of cases) {
    it(`one that ${what}: ${code}`, async () => {
      answer = says
      const server = await startTestServer({ authorization: [{ url, ...webhook }, 'RBAC'] })
      const { status, text } = await server.call('GET', path, { as })
      assert.deepEqual([status, asked.length], [code, times], text)
      await server.server.close()
    })
  }

  it('each keep their own answers, for their own time', async () => {
    answer = silent
    const server = await startTestServer({
      authorization: [{ url, name: 'short', noGoodMs: 1000 }, { url, name: 'long', noGoodMs: 5000 }, 'RBAC'],
    })
    const times = async () => {
      await server.call('GET', '/version', { as })
      return asked.length
    }
    assert.deepEqual([await times(), await times()], [2, 2])
    server.clock.advance(1000)
    assert.equal(await times(), 3, 'the one that forgets sooner is asked again')
    server.clock.advance(4000)
    assert.equal(await times(), 5)
    await server.server.close()
  })
})
