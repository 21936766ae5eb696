import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { readAddresses, writeQuestion } from './answers.ts'
import { type Answer, CODES, parseQuery, type Query, type Record, TYPES, writeAnswer } from './message.ts'
import { askOthers } from './upstream.ts'
import type { Zone } from './zone.ts'

export interface DnsOptions {
  clock: Clock
  log: Log
  /** Preferred; another where somebody has it already. */
  port: number
  /** The cluster's names as they are now. */
  zone(): Zone
  /** Who may ask: this is a server for pods, not for the world. */
  mayAsk(address: string): boolean
  /** Servers that know the rest of the world. */
  upstreams(): Promise<string[]>
}

/** Over TCP an answer has two bytes of length before it, and may have as many as they can say. */
const TCP_LIMIT = 65_535
const IDLE_MS = 10_000
const EVERYWHERE = '0.0.0.0'
const LOOPBACK = '127.0.0.1'

/** Answers the pods of this node: for the cluster's names by itself, for all others by asking further. */
export class DnsServer {
  readonly #options: DnsOptions
  #udp: UdpSocket[] = []
  #tcp: Server | undefined
  readonly #connections = new Set<Socket>()

  constructor(options: DnsOptions) {
    this.#options = options
  }

  /** The port that it listens on, for UDP and TCP alike. */
  async listen(): Promise<number> {
    const { port, log } = this.#options
    try {
      return await this.#listenOn(port)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      log.info('the usual port of the DNS server is taken, using another', { port })
      return this.#listenOn(0)
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#udp) socket.close()
    this.#udp = []
    for (const socket of this.#connections) socket.destroy()
    this.#tcp?.close()
  }

  async #listenOn(port: number): Promise<number> {
    const tcp = createServer(socket => this.#serveConnection(socket))
    tcp.listen(port, EVERYWHERE)
    await once(tcp, 'listening')
    const { port: taken } = tcp.address() as { port: number }
    try {
      // Answers have to come from the address that was asked; a socket of the loopback's own knows which.
      for (const host of [EVERYWHERE, LOOPBACK]) this.#udp.push(await this.#bindUdp(host, taken))
    } catch (error) {
      tcp.close()
      await this.close()
      throw error
    }
    this.#tcp = tcp
    return taken
  }

  async #bindUdp(host: string, port: number): Promise<UdpSocket> {
    const udp = createSocket({ type: 'udp4', reuseAddr: true })
    udp.on('message', (packet, from) => void this.#serveDatagram(udp, packet, from))
    udp.bind(port, host)
    await once(udp, 'listening')
    // From here on: an unreachable asker is his own affair.
    udp.on('error', error => this.#options.log.info('DNS over UDP', { error: error.message }))
    return udp
  }

  async #serveDatagram(udp: UdpSocket, packet: Buffer, from: RemoteInfo): Promise<void> {
    if (!this.#options.mayAsk(from.address)) return
    const reply = await this.#reply(packet, 'udp')
    if (reply && this.#udp.includes(udp)) udp.send(reply, from.port, from.address)
  }

  #serveConnection(socket: Socket): void {
    if (!this.#options.mayAsk(socket.remoteAddress ?? '')) {
      socket.destroy()
      return
    }
    this.#connections.add(socket)
    socket.on('close', () => this.#connections.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    let waiting = Buffer.alloc(0)
    socket.on('data', chunk => {
      waiting = Buffer.concat([waiting, chunk])
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const end = 2 + waiting.readUInt16BE(0)
        void this.#answerConnection(socket, waiting.subarray(2, end))
        waiting = waiting.subarray(end)
      }
    })
  }

  async #answerConnection(socket: Socket, packet: Buffer): Promise<void> {
    const reply = await this.#reply(packet, 'tcp')
    if (!reply) return void socket.destroy()
    const length = Buffer.alloc(2)
    length.writeUInt16BE(reply.length)
    if (socket.writable) socket.write(Buffer.concat([length, reply]))
  }

  async #reply(packet: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const query = parseQuery(packet)
    if (!query) return undefined
    const limit = over === 'udp' ? query.size : TCP_LIMIT
    const own = query.opcode === 0 ? this.#options.zone().lookUp(query.question.name, query.question.type) : NOT_DONE
    if (own) return writeAnswer(query, await this.#followAlias(query, own), limit)
    return this.#forward(packet, query, over)
  }

  /** A Service may stand for a name of the world outside: who asks for it wants its address, not another question. */
  async #followAlias({ id, question: { type } }: Query, answer: Answer): Promise<Answer> {
    const last = answer.answers.at(-1)?.data
    if (last?.type !== 'CNAME' || type === TYPES.CNAME) return answer
    const further =
      this.#options.zone().lookUp(last.name, type)?.answers ?? (await this.#askAbroad(id, last.name, type))
    return { ...answer, answers: [...answer.answers, ...further] }
  }

  async #askAbroad(id: number, name: string, type: number): Promise<Record[]> {
    const { upstreams, clock, log } = this.#options
    try {
      return readAddresses(await askOthers(writeQuestion(id, name, type), await upstreams(), 'udp', clock))
    } catch (error) {
      log.debug('nobody further knows what an alias stands for', { name, error: (error as Error).message })
      return []
    }
  }

  async #forward(packet: Buffer, query: Query, over: 'udp' | 'tcp'): Promise<Buffer> {
    const { upstreams, clock, log } = this.#options
    try {
      return await askOthers(packet, await upstreams(), over, clock)
    } catch (error) {
      log.debug('nobody further knows a name', { name: query.question.name, error: (error as Error).message })
      return writeAnswer(query, FAILED, query.size)
    }
  }
}

const bare = (code: number): Answer => ({ code, answers: [], authority: [], additional: [] })
const FAILED = bare(CODES.failure)
const NOT_DONE = bare(CODES.notImplemented)
