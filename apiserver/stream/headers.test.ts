import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forwardedHeaders, upgradeHeaders } from './headers.ts'

describe('headers that travel on', () => {
  const CASES: [name: string, given: string[], travel: string[]][] = [
    ['what is about the content', ['Accept', 'text/html', 'X-Own', '1'], ['Accept', 'text/html', 'X-Own', '1']],
    [
      'repeated ones as they are',
      ['X-Stream-Protocol-Version', 'v4.channel.k8s.io', 'X-Stream-Protocol-Version', 'v3.channel.k8s.io'],
      ['X-Stream-Protocol-Version', 'v4.channel.k8s.io', 'X-Stream-Protocol-Version', 'v3.channel.k8s.io'],
    ],
    ['no credentials', ['Authorization', 'Bearer x', 'Proxy-Authorization', 'Basic y'], []],
    ['no claims about who it is', ['Impersonate-User', 'root', 'X-Remote-Group', 'system:masters'], []],
    [
      'nothing about this hop',
      ['Host', 'api', 'Transfer-Encoding', 'chunked', 'Keep-Alive', '5', 'TE', 'trailers'],
      [],
    ],
    [
      'nothing that Connection names',
      ['Connection', 'close, X-Secret', 'x-secret', '1', 'X-Open', '2'],
      ['X-Open', '2'],
    ],
    [
      'no token that is dressed as a subprotocol',
      ['Sec-WebSocket-Protocol', 'v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.dG9rZW4'],
      ['Sec-WebSocket-Protocol', 'v4.channel.k8s.io'],
    ],
    ['no empty list of subprotocols', ['Sec-WebSocket-Protocol', 'base64url.bearer.authorization.k8s.io.dG9rZW4'], []],
  ]
  for (const [name, given, travel] of CASES) it(name, () => assert.deepEqual(forwardedHeaders(given), travel))

  it('an upgrade says so again to the next hop', () => {
    const given = ['Connection', 'keep-alive, Upgrade', 'Upgrade', 'SPDY/3.1', 'Content-Length', '5', 'X-Own', '1']
    const travel = ['X-Own', '1', 'Content-Length', '0', 'Connection', 'Upgrade', 'Upgrade', 'SPDY/3.1']
    assert.deepEqual(upgradeHeaders(given), travel)
  })
})
