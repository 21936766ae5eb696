import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { CEL_PIECES } from '../api/testing.ts'
import { createHttpListener } from './http.ts'
import { startTestServer, type TestServer } from './testing.ts'

/** Nonsense in the small languages that objects hold: a fault of the client's, told as a Status, and never a 500. */

const PODS = '/api/v1/namespaces/default/pods'
const MAPS = '/api/v1/namespaces/default/configmaps'
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const options = { seed: 20_260_102, numRuns: 150 }
const joined = (...parts: string[]) =>
  fc.array(fc.constantFrom(...parts), { maxLength: 9 }).map(chosen => chosen.join(''))

const expression = joined(...CEL_PIECES)
const path = joined(
  '.spec',
  '.a',
  '[0]',
  '[*]',
  '[-1]',
  '[?(@.a',
  '==',
  '"x"',
  ')]',
  '..',
  '{',
  '}',
  '$',
  '\\',
  '[',
  "'",
)
const amount = fc.oneof(
  joined('1', '0', '.', '-', '+', 'e', 'E', 'k', 'Ki', 'm', 'n', 'Ei', ' ', '9999999999'),
  fc.string({ maxLength: 8 }),
)
const text = (wanted: fc.Arbitrary<string>) => fc.oneof({ weight: 4, arbitrary: wanted }, fc.string({ maxLength: 20 }))

describe('nonsense', () => {
  let server: TestServer
  const seen = new Set<number>()
  before(async () => {
    server = await startTestServer()
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } })
  })
  after(() => server.server.close())

  async function survives(target: string, body: object, codes: readonly number[]): Promise<void> {
    const { status, json, text } = await server.call('POST', target, { body })
    assert.ok(codes.includes(status), `${status}: ${text} to ${JSON.stringify(body)}`)
    if (status >= 400) assert.deepEqual([json.kind, json.code], ['Status', status])
    const unforeseen = server.log.entries.filter(({ level }) => level === 'error')
    assert.deepEqual(
      unforeseen.map(({ message, fields }) => [message, fields]),
      [],
    )
    seen.add(status)
  }

  it('as quantities', () =>
    fc.assert(
      fc.asyncProperty(text(amount), fc.constantFrom('cpu', 'memory', 'example.com/x'), (limit, resource) =>
        survives(
          `${PODS}?dryRun=All`,
          {
            metadata: { name: 'p' },
            spec: { containers: [{ name: 'c', image: 'x', resources: { limits: { [resource]: limit } } }] },
          },
          [201, 400, 422],
        ),
      ),
      options,
    ))

  it('as JSONPaths of columns and fields', () =>
    fc.assert(
      fc.asyncProperty(text(path), fc.boolean(), (jsonPath, isColumn) => {
        const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } }
        const shown = isColumn
          ? { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath }] }
          : { selectableFields: [{ jsonPath }] }
        const version = { name: 'v1', served: true, storage: true, schema, ...shown }
        const names = { plural: 'things', kind: 'Thing' }
        return survives(
          '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All',
          {
            metadata: { name: 'things.example.com' },
            spec: { group: 'example.com', scope: 'Cluster', names, versions: [version] },
          },
          [201, 422],
        )
      }),
      options,
    ))

  it('as expressions that are written down', () =>
    fc.assert(
      fc.asyncProperty(text(expression), fc.constantFrom('expression', 'messageExpression'), (written, field) =>
        survives(
          `${ADMISSION}/validatingadmissionpolicies?dryRun=All`,
          {
            metadata: { name: 'p' },
            spec: {
              matchConstraints: {
                resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['pods'] }],
              },
              validations: [{ expression: 'true', [field]: written }],
            },
          },
          [201, 422],
        ),
      ),
      options,
    ))

  it('as expressions that were written down, in spite of all, and are asked', async () => {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }
    const named = (kind: string) => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'odd' } })
    const write = async (plural: string, object: object) => {
      const key = `/registry/${plural}/odd`
      const { values } = await server.store.range(key, `${key}\0`)
      const bytes = Buffer.from(JSON.stringify(object))
      if (values[0]) await server.store.update(key, bytes, values[0].modRevision)
      else await server.store.create(key, bytes)
    }
    await write('validatingadmissionpolicybindings', {
      ...named('ValidatingAdmissionPolicyBinding'),
      spec: { policyName: 'odd', validationActions: ['Deny'] },
    })
    seen.clear()
    await fc.assert(
      fc.asyncProperty(text(expression), fc.boolean(), async (asked, isVariable) => {
        const spec = { matchConstraints: { resourceRules: [rule] } }
        const asks = isVariable
          ? { variables: [{ name: 'v', expression: asked }], validations: [{ expression: 'variables.v' }] }
          : { validations: [{ expression: asked }], auditAnnotations: [{ key: 'k', valueExpression: asked }] }
        await write('validatingadmissionpolicies', {
          ...named('ValidatingAdmissionPolicy'),
          spec: { ...spec, ...asks },
        })
        await survives(`${MAPS}?dryRun=All`, { metadata: { name: 'm' } }, [201, 403, 422])
      }),
      { ...options, numRuns: 100 },
    )
    assert.ok(seen.has(422), 'the policy was asked')
  })
})

describe('nonsense in the frames of a WebSocket', () => {
  it('ends that connection, and no other', async () => {
    const server = await startTestServer({ authentication: { staticTokens: 'good,ann,1,system:masters\n' } })
    const listener = createHttpListener({ server: server.server, log: server.log })
    const port = await listener.listen(0, '127.0.0.1')
    const asking = [
      `GET ${MAPS}?watch=true HTTP/1.1`,
      ...['Host: x', 'Authorization: Bearer good', 'Connection: Upgrade', 'Upgrade: websocket'],
      ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
    ].join('\r\n')
    /** Resolves once the server has ended the connection; what it can bear it is told to end. */
    const talk = (bytes: Uint8Array) =>
      new Promise<string>(resolve => {
        let said = ''
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.on('close', () => resolve(said))
        socket.once('data', () => socket.end(bytes))
        socket.on('data', chunk => {
          said += chunk.toString('latin1')
        })
        socket.write(asking)
      })
    const frame = fc
      .tuple(
        fc.nat(255),
        fc.constantFrom(0, 1, 125, 126, 127, 128, 129, 253, 254, 255),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([first, length, rest]) => Buffer.from([first, length, ...rest]))
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 3 }), async frames => {
        assert.match(await talk(Buffer.concat(frames)), /^HTTP\/1\.1 101 /)
      }),
      { ...options, numRuns: 60 },
    )
    const errors = server.log.entries.filter(({ level }) => level === 'error')
    assert.deepEqual(errors, [])
    assert.equal((await server.call('GET', MAPS)).status, 200)
    await listener.close()
    await server.server.close()
  })
})
