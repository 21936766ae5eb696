import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { duplexPair } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HeadReader } from './head.ts'

const read = (text: string) => new HeadReader().read(Buffer.from(text, 'latin1'))
const get = (...lines: string[]) => `GET /api HTTP/1.1\r\nHost: x\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`

describe('the head of an ordinary request', () => {
  it('is taken apart', () => {
    const text = 'PUT /api/v1?a=b HTTP/1.1\r\nHost: x:1\r\nContent-Length: 2\r\nX-Odd:\t a b \r\n\r\n{}'
    assert.deepEqual(
      { ...read(text), headers: { ...read(text)!.headers } },
      {
        ...{ method: 'PUT', url: '/api/v1?a=b', length: text.length - 2, bodyLength: 2 },
        headers: { host: 'x:1', 'content-length': '2', 'x-odd': 'a b' },
      },
    )
  })

  it('is read anew when the headers change, and only then', () => {
    const reader = new HeadReader()
    const first = reader.read(Buffer.from(get('Accept: a')))!
    const second = reader.read(Buffer.from(get('Accept: a').replace('/api', '/apis')))!
    const third = reader.read(Buffer.from(get('Accept: b')))!
    assert.equal(second.headers, first.headers)
    assert.deepEqual([second.url, third.headers.accept], ['/apis', 'b'])
  })

  const foreign: [string, string][] = [
    ['is not at its end yet', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['asks for the head alone', get().replace('GET', 'HEAD')],
    ['is of an older protocol', get().replace('1.1', '1.0')],
    ['names a whole URL', get().replace('/api', 'http://x/api')],
    ['has a space in its path', get().replace('/api', '/a pi')],
    ['names no host', 'GET / HTTP/1.1\r\nAccept: x\r\n\r\n'],
    ['has no headers', 'GET / HTTP/1.1\r\n\r\n'],
    ['says something twice', get('X: 1', 'x: 2')],
    ['has two lengths', get('Content-Length: 1', 'Content-Length: 2').replace('GET', 'POST')],
    ['comes in chunks', get('Transfer-Encoding: chunked').replace('GET', 'POST')],
    ['is packed', get('Content-Encoding: gzip', 'Content-Length: 1').replace('GET', 'POST')],
    ['reads with a body', get('Content-Length: 1')],
    ['has a length that is no number', get('Content-Length: +1').replace('GET', 'POST')],
    ['has a large body', get('Content-Length: 99999').replace('GET', 'POST')],
    ['wants another protocol', get('Upgrade: websocket')],
    ['wants its connection closed', get('Connection: close')],
    ['waits to be told to go on', get('Expect: 100-continue')],
    ['folds a header', get('A: b', ' c')],
    ['has a space before a colon', get('A : b')],
    ['has a header without a name', get(': b')],
    ['has a bare line feed', get('A: b\nC: d')],
    ['has a NUL in a header', get('A: \0')],
    ['has a byte beyond ASCII', get('A: \xe9')],
    ['is very long', get(`A: ${'a'.repeat(20_000)}`)],
  ]
  for (const [what, text] of foreign) {
    it(`is not ordinary when it ${what}`, () => assert.equal(read(text), undefined))
  }

  it('says what node would say, or nothing', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(oddRequest, async text => {
        const head = read(text)
        if (!head) return
        taken++
        const seen = await asNodeReads(text.slice(0, head.length + head.bodyLength))
        const { method, url, headers } = head
        const body = text.slice(head.length, head.length + head.bodyLength)
        assert.deepEqual(seen, { method, url, headers: { ...headers }, body })
      }),
      { seed: 5, numRuns: 2000 },
    )
    assert.ok(taken > 40, `only ${taken} were taken`)
  })
})

const name = fc.constantFrom('Host', 'host', 'Accept', 'X-A', 'Content-Length', 'Connection', 'Content-Type', 'x_y')
const value = fc.oneof(
  fc.constantFrom('2', 'x', 'keep-alive', 'Keep-Alive', 'application/json', '', ' padded\t', '0', '02'),
  fc.string({ maxLength: 6 }),
)
const line = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(name, fc.constantFrom(':', ': ', ':\t'), value).map(parts => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
)
const oddRequest = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'POST', 'PATCH', 'DELETE', 'get', 'BREW'),
    fc.constantFrom('/', '/api/v1?x=%2f', '/a"b', '*', '/a#b', '/ü'),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.1 '),
    fc.array(line, { maxLength: 4 }),
  )
  .map(([method, url, protocol, lines]) =>
    [`${method} ${url} ${protocol}`, 'Host: h', ...lines, '', '{}{}'].join('\r\n'),
  )

/** What node's server makes of the same bytes; a text where it refuses them. */
function asNodeReads(text: string) {
  const [client, socket] = duplexPair()
  return new Promise<object>((resolve, reject) => {
    const server = createServer((request: IncomingMessage) => {
      let body = ''
      request.setEncoding('latin1')
      request.on('data', chunk => {
        body += chunk
      })
      request.on('end', () => {
        const { method, url, headers } = request
        resolve({ method, url, headers: { ...headers }, body })
      })
    })
    server.on('clientError', error => reject(new Error(`node refuses ${JSON.stringify(text)}: ${error.message}`)))
    server.emit('connection', socket)
    client.write(Buffer.from(text, 'latin1'))
  })
}
