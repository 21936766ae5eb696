import type { Socket } from 'node:net'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { errors, toEtcdError } from '../errors.ts'
import { endpointOf, Listener } from '../listen.ts'
import { decodeMessage, encodeMessage } from '../raft/codec.ts'
import type { Message } from '../raft/message.ts'
import type { TlsSource } from '../tls.ts'
import type { Transport } from '../transport.ts'
import { decodeCall, encodeCall, FrameReader, type Hello, Kind, type PeerFrame } from './framing.ts'
import { encodeError, PeerLink } from './link.ts'

export interface NetworkOptions {
  /** Where to listen; none for a member that is alone and does not want to be found. */
  listenUrls: readonly string[]
  tls: TlsSource | undefined
  clock: Clock
  log: Log
}

/** Answers a call of another member, or throws the EtcdError that is the answer. */
export type Answerer = (method: string, content: Buffer) => Promise<Uint8Array>

/** One member's place in the net of all. */
export class PeerNetwork implements Transport {
  readonly #options: NetworkOptions
  readonly #links = new Map<string, PeerLink>()
  #self: Hello = { cluster: '', from: '' }
  #receive: (message: Message) => void = () => {}
  #unreachable: (id: string) => void = () => {}
  #answer: Answerer = () => Promise.reject(errors.stopped)
  #listeners: Listener[] = []

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  async listen(): Promise<void> {
    const { tls, clock, log, listenUrls } = this.#options
    for (const url of listenUrls) {
      const { host, port, secure } = endpointOf(url)
      if (secure && !tls) throw new Error(`${url} needs --peer-cert-file and --peer-key-file`)
      const options = { host, port, tls: secure ? tls : undefined, protocols: ['kubox-peer'], clock, log }
      this.#listeners.push(await Listener.open({ ...options, accept: socket => this.#accept(socket) }))
    }
  }

  /** The ports that were taken. */
  get ports(): number[] {
    return this.#listeners.map(listener => listener.port)
  }

  /** Who this member is, once it knows. */
  identify(self: Hello): void {
    this.#self = self
  }

  /** The members to be in touch with; the others are forgotten. */
  setPeers(peers: readonly { id: string; peerUrls: readonly string[] }[]): void {
    const others = peers.filter(peer => peer.id !== this.#self.from)
    for (const [id, link] of this.#links) {
      if (others.some(peer => peer.id === id)) continue
      link.sayGoodbye()
      this.#links.delete(id)
    }
    for (const { id, peerUrls } of others) {
      const link = this.#links.get(id)
      if (link) link.moveTo(peerUrls)
      else this.#links.set(id, this.#open(id, peerUrls))
    }
  }

  send(message: Message): void {
    if (!this.#links.get(message.to)?.send(encodeMessage(message))) this.#unreachable(message.to)
  }

  onMessage(receive: (message: Message) => void): void {
    this.#receive = receive
  }

  onUnreachable(tell: (id: string) => void): void {
    this.#unreachable = tell
  }

  onCall(answer: Answerer): void {
    this.#answer = answer
  }

  /** Whoever cannot be reached now leads nobody: the caller looks again who does. */
  call(id: string, method: string, content: Uint8Array, timeoutMs: number): Promise<Buffer> {
    const link = this.#links.get(id)
    return link?.ready ? link.call(method, content, timeoutMs) : Promise.reject(errors.noLeader)
  }

  /** Asks somebody who is known by address only: how a new member finds its cluster. */
  async ask(urls: readonly string[], method: string, timeoutMs: number): Promise<Buffer> {
    const link = this.#open('', urls)
    try {
      return await link.call(method, Buffer.alloc(0), timeoutMs)
    } finally {
      link.close()
    }
  }

  async close(): Promise<void> {
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
    await Promise.all(this.#listeners.map(listener => listener.close()))
  }

  #open(id: string, urls: readonly string[]): PeerLink {
    const { tls, clock, log } = this.#options
    const unreachable = () => this.#unreachable(id)
    return new PeerLink({ urls, tls, clock, log, hello: () => this.#self, unreachable })
  }

  #accept(socket: Socket): void {
    const reader = new FrameReader()
    let hello: Hello | undefined
    const take = (frame: PeerFrame) => {
      if (frame.kind === Kind.hello) hello = this.#checked(frame)
      else if (!hello) throw new Error('a peer did not say who it is')
      else if (frame.kind === Kind.call) void this.#reply(socket, frame)
      else if (frame.kind === Kind.raft && hello.cluster !== '') this.#receive(decodeMessage(frame.content))
    }
    socket.on('error', error => this.#options.log.debug('a peer connection failed', { error: error.message }))
    socket.on('data', chunk => {
      try {
        reader.push(chunk, take)
      } catch (error) {
        this.#options.log.warn('rejected a peer connection', { from: socket.remoteAddress, error })
        socket.destroy()
      }
    })
  }

  #checked(frame: PeerFrame): Hello {
    const hello = JSON.parse(frame.content.toString()) as Hello
    if (hello.cluster !== '' && this.#self.cluster !== '' && hello.cluster !== this.#self.cluster) {
      throw new Error(`cluster ID mismatch: the peer's is ${hello.cluster}, ours ${this.#self.cluster}`)
    }
    return hello
  }

  async #reply(socket: Socket, frame: PeerFrame): Promise<void> {
    const { number, word: method, content } = decodeCall(frame.content)
    try {
      const answer = await this.#answer(method, content)
      socket.write(encodeCall(Kind.reply, number, '', answer))
    } catch (error) {
      socket.write(encodeCall(Kind.reply, number, encodeError(toEtcdError(error)), Buffer.alloc(0)))
    }
  }
}
