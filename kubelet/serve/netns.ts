import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { isSea } from 'node:sea'
import type { Clock, Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { type ConnectAnswer, type ConnectRequest, HELPER_FLAG, netnsConnectMain } from './netns-helper.ts'

/** Connects to a port inside another process's network namespace, also where a server listens on 127.0.0.1 only. */
export interface PodDialer {
  /** `pid`: the sandbox's, as Docker gives it. */
  connect(pid: number, port: number): Promise<Socket>
  close(): void
}

export interface NetnsDialerOptions {
  clock: Clock
  log: Log
  /** Program and arguments that run `netnsConnectMain`; by default this very runtime. */
  helper?: readonly string[]
}

const IDLE_MS = 60_000
const CONNECT_WITHIN_MS = 10_000

/** A release has no runtime beside it that takes `-e`: it starts itself again, under a hidden command. */
function defaultHelper(): string[] {
  if (isSea()) return [process.execPath, HELPER_FLAG]
  return [process.execPath, '-e', `(${netnsConnectMain})(require('node:net'), process)`]
}

/**
 * A process cannot change its network namespace for one socket, so a small helper is started inside each: it connects
 * and passes the connected socket up, over the channel that child processes have. From then on the agent reads and
 * writes the socket itself; no byte goes through the helper. A helper ends when it has been idle for a minute.
 */
export function createNetnsDialer(options: NetnsDialerOptions): PodDialer {
  const helpers = new Map<number, Helper>()
  return {
    connect(pid, port) {
      let helper = helpers.get(pid)
      if (!helper?.alive) {
        helper = new Helper(pid, options, () => helpers.get(pid) === helper && helpers.delete(pid))
        helpers.set(pid, helper)
      }
      return helper.connect(port)
    },
    close() {
      for (const helper of helpers.values()) helper.stop()
    },
  }
}

interface Waiting {
  port: number
  resolve(socket: Socket): void
  reject(error: Error): void
  timer: Timer
}

class Helper {
  readonly #child: ChildProcess
  readonly #options: NetnsDialerOptions
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 0
  #idle: Timer | undefined
  #said = ''
  alive = true

  constructor(pid: number, options: NetnsDialerOptions, onEnd: () => void) {
    this.#options = options
    const command = options.helper ?? defaultHelper()
    this.#child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', ...command], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    })
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk).slice(-500)
    })
    this.#child.on('message', (answer, socket) => this.#answer(answer as ConnectAnswer, socket as Socket | undefined))
    const ended = (why: string) => {
      this.#end(`cannot enter the network of process ${pid}: ${why}`)
      onEnd()
    }
    this.#child.on('error', error => ended(error.message))
    this.#child.on('exit', (code, signal) => ended(this.#said.trim() || `helper ended with ${signal ?? code}`))
    this.#child.unref()
    this.#child.channel?.unref()
  }

  connect(port: number): Promise<Socket> {
    this.#idle?.cancel()
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      const expire = () => this.#settle(id)?.reject(new Error(`connecting to port ${port} took too long`))
      this.#waiting.set(id, { port, resolve, reject, timer: this.#options.clock.after(CONNECT_WITHIN_MS, expire) })
      this.#child.send({ id, port } satisfies ConnectRequest, error => {
        if (error) this.#settle(id)?.reject(error)
      })
    })
  }

  stop(): void {
    this.alive = false
    this.#child.kill()
  }

  #answer(answer: ConnectAnswer, socket: Socket | undefined): void {
    const waiting = this.#settle(answer.id)
    if (!waiting) socket?.destroy()
    else if (socket) waiting.resolve(prepare(socket))
    else waiting.reject(new Error(answer.error ?? `no socket for port ${waiting.port} was passed`))
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    waiting?.timer.cancel()
    this.#waiting.delete(id)
    if (this.#waiting.size === 0 && this.alive) {
      this.#idle?.cancel()
      this.#idle = this.#options.clock.after(IDLE_MS, () => this.stop())
    }
    return waiting
  }

  #end(why: string): void {
    this.alive = false
    this.#idle?.cancel()
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(new Error(why))
  }
}

function prepare(socket: Socket): Socket {
  socket.allowHalfOpen = true
  return socket.setNoDelay(true).setKeepAlive(true, 30_000)
}
