import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { createHttpListener, type HttpListener } from '../http.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const TOKEN = 'lane'

/** A client that decides itself which bytes go when. */
class Wire {
  readonly socket: Socket
  #said = ''
  ended = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.on('data', chunk => {
      this.#said += chunk.toString('latin1')
    })
    this.socket.on('close', () => {
      this.ended = true
    })
    this.socket.on('error', () => undefined)
  }

  /** Bytes that arrive one after the other. */
  async send(...pieces: string[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>(resolve => this.socket.write(piece, () => resolve()))
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** The next `count` answers, by their content-length. */
  async answers(count: number): Promise<{ status: number; head: string; body: string }[]> {
    const found: { status: number; head: string; body: string }[] = []
    await this.until(() => {
      for (let one = this.#take(); one; one = this.#take()) found.push(one)
      return found.length >= count
    })
    return found
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + 20_000
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`not in time; so far: ${JSON.stringify(this.#said)}`)
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  get said(): string {
    return this.#said
  }

  #take() {
    const end = this.#said.indexOf('\r\n\r\n')
    const head = this.#said.slice(0, end)
    const length = /content-length: (\d+)/i.exec(head)
    if (end < 0 || !length || this.#said.length < end + 4 + Number(length[1])) return undefined
    const body = this.#said.slice(end + 4, end + 4 + Number(length[1]))
    this.#said = this.#said.slice(end + 4 + Number(length[1]))
    return { status: Number(head.slice(9, 12)), head, body }
  }
}

function request(method: string, path: string, body = '', ...lines: string[]): string {
  const length = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]
  const headers = ['Host: x', `Authorization: Bearer ${TOKEN}`, ...length, ...lines]
  return `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`
}

const create = (name: string, text = 'x') =>
  request('POST', MAPS, JSON.stringify({ metadata: { name }, data: { text } }))
const nameOf = ({ body }: { body: string }) => JSON.parse(body).metadata?.name as string

describe('a connection that is kept', () => {
  let server: TestServer
  let listener: HttpListener
  let port: number
  const wires: Wire[] = []
  const wire = () => {
    const one = new Wire(port)
    wires.push(one)
    return one
  }

  before(async () => {
    server = await startTestServer({
      authentication: { staticTokens: `${TOKEN},admin,1,"system:masters"` },
    })
    listener = createHttpListener({ server: server.server, log: server.log, clock: server.clock })
    port = await listener.listen(0, '127.0.0.1')
  })
  after(async () => {
    for (const { socket } of wires) socket.destroy()
    await listener.close()
    await server.server.close()
  })

  it('serves one request after the other', async () => {
    const one = wire()
    for (const [text, status] of [
      [create('a'), 201],
      [request('GET', `${MAPS}/a`), 200],
      [request('GET', `${MAPS}/none`), 404],
      [request('DELETE', `${MAPS}/a`), 200],
    ] as const) {
      await one.send(text)
      const [answer] = await one.answers(1)
      assert.equal(answer!.status, status, answer!.body)
      assert.match(answer!.head, /^date: .* GMT$/m)
    }
  })

  it('answers requests that come at once in their order', async () => {
    const one = wire()
    await one.send(['p', 'q', 'r'].map(name => create(name)).join(''))
    assert.deepEqual((await one.answers(3)).map(nameOf), ['p', 'q', 'r'])
  })

  it('takes what is not ordinary as well, and goes on', async () => {
    const one = wire()
    await one.send(create('odd'))
    await one.answers(1)
    await one.send(request('GET', `${MAPS}/odd`, '', 'X-Twice: 1', 'X-Twice: 2') + request('GET', `${MAPS}/odd`))
    assert.deepEqual((await one.answers(2)).map(nameOf), ['odd', 'odd'])
    await one.send('nonsense\r\n\r\n')
    await one.until(() => one.ended)
    assert.match(one.said, /^HTTP\/1\.1 400/)
  })

  it('minds neither where requests are cut nor how they are mixed', async () => {
    let turn = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('small', 'large', 'odd'), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(4000), { maxLength: 6 }),
        async (kinds, cuts) => {
          const names = kinds.map(kind => `${kind}-${turn++}`)
          const text = names
            .map(name => create(name, 'x'.repeat(name.startsWith('large') ? 3000 : 10)))
            .map((one, index) => (kinds[index] === 'odd' ? one.replace('Host: x', 'Host: x\r\nTE: trailers') : one))
            .join('')
          const places = [0, ...cuts.filter(cut => cut < text.length).sort((a, b) => a - b), text.length]
          const one = wire()
          await one.send(...places.slice(1).map((end, index) => text.slice(places[index], end)))
          assert.deepEqual((await one.answers(names.length)).map(nameOf), names)
          one.socket.destroy()
        },
      ),
      { seed: 11, numRuns: 60 },
    )
  })

  it('shows a watch as it happens, and its end when the client goes', async () => {
    const one = wire()
    await one.send(request('GET', `${MAPS}?watch=true&resourceVersion=0`))
    await one.until(() => one.said.includes('\r\n\r\n'))
    const two = wire()
    await two.send(create('watched'))
    await two.answers(1)
    await one.until(() => one.said.includes('"name":"watched"'))
    assert.match(one.said, /^HTTP\/1\.1 200 OK[\s\S]*transfer-encoding: chunked\r\n\r\n[0-9a-f]+\r\n\{"type":"ADDED"/)
    one.socket.end()
    await one.until(() => one.ended)
  })

  it('ends a watch in good order when its time is over', async () => {
    const one = wire()
    await one.send(request('GET', `${MAPS}?watch=true&timeoutSeconds=1&resourceVersion=1000000`))
    await one.until(() => one.said.includes('\r\n\r\n'))
    server.clock.advance(2000)
    await one.until(() => one.said.endsWith('0\r\n\r\n'))
    await one.send(request('GET', `${MAPS}/watched`))
    await one.until(() => one.said.includes('"name":"watched"'))
  })

  it('is cut when a body takes too long', async () => {
    const one = wire()
    const text = create('slow', 'x'.repeat(3000))
    await one.send(text.slice(0, -2500))
    // Byte by byte, so that there is life on the connection all the time.
    for (let sent = 0; sent < 2000 && !one.ended; sent++) {
      server.clock.advance(61_000)
      await one.send('x')
    }
    await one.until(() => one.ended)
    assert.match(one.said, /^HTTP\/1\.1 408/)
  })

  it('is gone when the listener closes', async () => {
    const another = createHttpListener({ server: server.server, log: server.log })
    const idle = new Wire(await another.listen(0, '127.0.0.1'))
    await idle.send(request('GET', '/version'))
    await idle.answers(1)
    await another.close()
    await idle.until(() => idle.ended)
  })
})
