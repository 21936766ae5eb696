import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AuditEvent, legacyLine } from './event.ts'

const EVENT: AuditEvent = {
  ...{ auditID: 'id-1', stage: 'ResponseComplete', verb: 'get', requestURI: '/api/v1/namespaces/a/pods' },
  user: { username: 'ann "x"', groups: ['g', 'h'] },
  sourceIPs: ['10.0.0.9'],
  userAgent: 'kubectl/v1',
  objectRef: { namespace: 'a' },
  responseStatus: { code: 200 },
  requestReceivedTimestamp: '2026-01-01T00:00:00.000Z',
}

describe('a line in the older form', () => {
  const cases: [string, Partial<AuditEvent>, string][] = [
    [
      'tells all of it',
      {},
      'ip="10.0.0.9" method="get" user="ann \\"x\\"" groups="g","h" as="<self>" asgroups=<lookup> ' +
        'user-agent="kubectl/v1" namespace="a" uri="/api/v1/namespaces/a/pods" response="200"',
    ],
    [
      'tells of somebody acting as another',
      { impersonatedUser: { username: 'bob', groups: ['i'] } },
      'ip="10.0.0.9" method="get" user="ann \\"x\\"" groups="g","h" as="bob" asgroups="i" ' +
        'user-agent="kubectl/v1" namespace="a" uri="/api/v1/namespaces/a/pods" response="200"',
    ],
    [
      'says what is not known',
      {
        ...{ user: { username: '', groups: ['g'] }, sourceIPs: [], userAgent: undefined, objectRef: undefined },
        responseStatus: undefined,
      },
      'ip="<unknown>" method="get" user="<none>" groups=<none> as="<self>" asgroups=<lookup> ' +
        'user-agent="" namespace="<none>" uri="/api/v1/namespaces/a/pods" response="<deferred>"',
    ],
  ]
  for (const [what, over, rest] of cases) {
    it(what, () => {
      const start = '2026-01-01T00:00:00.000Z AUDIT: id="id-1" stage="ResponseComplete" '
      assert.equal(legacyLine({ ...EVENT, ...over }), start + rest)
    })
  }
})
