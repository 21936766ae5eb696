import assert from 'node:assert/strict'
import * as https from 'node:https'
import { connect as connectPlain } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Authority, createAuthority, type KeyPair } from '../pki/authority.ts'
import { FakeClock } from '../platform/clock.ts'
import { seededRandom } from '../platform/random.ts'
import { createHttpListener, type HttpListener } from './http.ts'
import { startTestServer, type TestServer } from './testing.ts'

const clock = new FakeClock(Date.now())
const random = seededRandom(7)
const authority = (name: string) => new Authority(createAuthority(name, clock, random), clock, random)
const [ca, frontCa, foreign] = [authority('kubernetes'), authority('front-proxy-ca'), authority('foreign')]
const client = (by: Authority, commonName: string, organizations: string[] = []): KeyPair =>
  by.issue({ subject: { commonName, organizations }, usage: 'client' })

interface Asked {
  method?: string
  path: string
  headers?: Record<string, string | string[]>
  body?: string | Buffer
  as?: KeyPair
}

describe('the HTTPS listener', () => {
  let server: TestServer
  let listener: HttpListener
  let port: number
  const admin = client(ca, 'admin', ['system:masters'])

  before(async () => {
    server = await startTestServer()
    const serving = ca.issue({ subject: { commonName: 'api' }, usage: 'server', ipAddresses: ['127.0.0.1'] })
    listener = createHttpListener({
      ...{ server: server.server, log: server.log },
      tls: { ...serving, clientCa: ca.certificatePem, frontProxyCa: frontCa.certificatePem },
    })
    port = await listener.listen(0, '127.0.0.1')
  })
  after(async () => {
    await listener.close()
    await server.server.close()
  })

  function ask({ method = 'GET', path, headers, body, as }: Asked) {
    return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers,
        ca: ca.certificatePem,
        cert: as?.certificate,
        key: as?.key,
        agent: false as const,
      }
      const request = https.request(options, response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  const NAMESPACES = '/api/v1/namespaces'
  const identities: [string, Asked, number][] = [
    ['an admin certificate', { path: NAMESPACES, as: admin }, 200],
    ['no certificate', { path: NAMESPACES }, 403],
    ['a certificate of another authority', { path: NAMESPACES, as: client(foreign, 'admin', ['system:masters']) }, 401],
    [
      'a certificate of the front-proxy authority alone',
      { path: NAMESPACES, as: client(frontCa, 'front-proxy-client', ['system:masters']) },
      403,
    ],
    [
      'a front proxy that speaks for somebody',
      {
        path: NAMESPACES,
        as: client(frontCa, 'front-proxy-client'),
        headers: { 'X-Remote-User': 'ann', 'X-Remote-Group': ['a', 'system:masters'] },
      },
      200,
    ],
    [
      'another certificate of the front-proxy authority that speaks for somebody',
      {
        path: NAMESPACES,
        as: client(frontCa, 'other'),
        headers: { 'X-Remote-User': 'ann', 'X-Remote-Group': 'system:masters' },
      },
      403,
    ],
    [
      'an admin with headers of a front proxy stays admin',
      { path: NAMESPACES, as: admin, headers: { 'X-Remote-User': 'nobody' } },
      200,
    ],
    ['a name with a line break in it', { path: NAMESPACES, as: client(ca, 'x\nO=system:masters') }, 403],
  ]
  for (const [what, asked, code] of identities) {
    it(`${what}: ${code}`, async () => {
      const answer = await ask(asked)
      assert.equal(answer.status, code, answer.body.toString())
    })
  }

  const MAPS = '/api/v1/namespaces/default/configmaps'
  const json = { 'content-type': 'application/json' }

  it('reads bodies, packed ones too', async () => {
    const body = (name: string) => JSON.stringify({ metadata: { name } })
    assert.equal((await ask({ method: 'POST', path: MAPS, headers: json, body: body('a'), as: admin })).status, 201)
    const packed = { ...json, 'content-encoding': 'gzip' }
    assert.equal(
      (await ask({ method: 'POST', path: MAPS, headers: packed, body: gzipSync(body('b')), as: admin })).status,
      201,
    )
  })

  it('refuses bodies beyond the limit, packed small ones that unpack too large as well', async () => {
    const huge = Buffer.alloc(4 << 20, 0x20)
    for (const [headers, body] of [
      [json, huge],
      [{ ...json, 'content-encoding': 'gzip' }, gzipSync(huge)],
    ] as const) {
      const answer = await ask({ method: 'POST', path: MAPS, headers, body, as: admin })
      assert.deepEqual([answer.status, JSON.parse(answer.body.toString()).reason], [413, 'RequestEntityTooLarge'])
    }
  })

  it('packs large answers for those who can unpack them', async () => {
    const body = JSON.stringify({ metadata: { name: 'large' }, data: { a: 'x'.repeat(200_000) } })
    await ask({ method: 'POST', path: MAPS, headers: json, body, as: admin })
    const packed = await ask({ path: `${MAPS}/large`, headers: { 'accept-encoding': 'gzip' }, as: admin })
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.equal(JSON.parse(gunzipSync(packed.body).toString()).data.a.length, 200_000)
    assert.equal((await ask({ path: `${MAPS}/large`, as: admin })).headers['content-encoding'], undefined)
  })

  it('sends the head of a watch at once, and ends it when the client goes', async () => {
    const head = await new Promise<number>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        path: `${MAPS}?watch=true&resourceVersion=1000000`,
        ca: ca.certificatePem,
        cert: admin.certificate,
        key: admin.key,
        agent: false as const,
      }
      const request = https.get(options, response => {
        resolve(response.statusCode!)
        response.on('error', () => undefined)
        request.destroy()
      })
      request.on('error', error => (request.destroyed ? undefined : reject(error)))
    })
    assert.equal(head, 200)
  })

  it('takes no protocol older than TLS 1.2', async () => {
    const problem = await new Promise<string>(resolve => {
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca: ca.certificatePem,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      socket.on('secureConnect', () => resolve('connected'))
      socket.on('error', error => resolve((error as { code?: string }).code ?? error.message))
    })
    assert.notEqual(problem, 'connected')
  })

  const malformed: [string, string, RegExp][] = [
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na', /^HTTP\/1\.1 400/],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400/,
    ],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', /^HTTP\/1\.1 400/],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
    ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 400/],
  ]
  for (const [what, text, expected] of malformed) {
    it(`refuses ${what}`, async () => {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, ca: ca.certificatePem }, () => socket.write(text))
        let said = ''
        socket.on('data', chunk => {
          said += chunk
        })
        socket.on('close', () => resolve(said))
        socket.on('error', reject)
      })
      assert.match(answer, expected)
    })
  }

  it('survives a client that speaks no TLS', async () => {
    await new Promise<void>(resolve => {
      const socket = connectPlain(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'))
      socket.on('close', () => resolve())
      socket.on('error', () => undefined)
      socket.resume()
    })
    assert.equal((await ask({ path: '/healthz' })).status, 200)
  })

  it('shows a new certificate to new connections', async () => {
    const renewed = ca.issue({ subject: { commonName: 'renewed' }, usage: 'server', ipAddresses: ['127.0.0.1'] })
    listener.setTls({ ...renewed, clientCa: ca.certificatePem, frontProxyCa: frontCa.certificatePem })
    const subject = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca: ca.certificatePem }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
      socket.on('error', reject)
    })
    assert.equal(subject, 'renewed')
  })
})
