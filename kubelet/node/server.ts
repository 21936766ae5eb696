import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Serving } from '../options.ts'
import type { StreamBackend } from '../serve/backend.ts'
import { createKubeletServer, type KubeletServer } from '../serve/server.ts'

/** The agent's HTTPS port. Certificates may change while it listens. */
export class AgentServer {
  readonly #server: Server
  readonly #serving: Serving
  readonly #handler: KubeletServer

  constructor(serving: Serving, parts: { nodeName: string; backend: StreamBackend; clock: Clock; log: Log }) {
    this.#serving = serving
    const handler = createKubeletServer({ ...parts, access: serving.access })
    this.#handler = handler
    this.#server = createServer(
      // Who comes with a token has no certificate.
      {
        ...tlsOf(serving),
        requestCert: true,
        rejectUnauthorized: false,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
      },
      (request, response) => void handler.handle(request, response),
    )
    this.#server.on('upgrade', (request, socket, head) => void handler.upgrade(request, socket, head))
  }

  /** Resolves with the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#serving.port, this.#serving.host, () => {
        this.#server.off('error', reject)
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  renew(serving: Pick<Serving, 'key' | 'certificate' | 'clientCa'>): void {
    this.#server.setSecureContext(tlsOf(serving))
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
      this.#handler.close()
    })
  }
}

function tlsOf({ key, certificate, clientCa }: Pick<Serving, 'key' | 'certificate' | 'clientCa'>) {
  return { key, cert: certificate, ca: clientCa }
}
