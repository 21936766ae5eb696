import { X509Certificate } from 'node:crypto'
import type { Client } from '../../client/client.ts'
import { type KeyPair, signItself } from '../../pki/authority.ts'
import { isDueForRenewal } from '../../pki/certificate.ts'
import type { Clock, Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import {
  CLIENT_SIGNER,
  type IdentityFile,
  JOIN_AGAIN,
  nodeSubject,
  ranOutAt,
  requestCertificate,
  SERVING_SIGNER,
  servesStill,
} from '../identity.ts'

export interface IdentityKeeperOptions {
  client: Client
  nodeName: string
  clientFile: IdentityFile
  servingFile: IdentityFile
  clock: Clock
  random: Random
  log: Log
  /** Addresses that the agent serves on now; they may change while it runs. */
  addresses(): readonly string[]
  onClientPair(pair: KeyPair): void
  onServingPair(pair: KeyPair): void
}

const CHECK_MS = 10 * 60_000

/** Renews a node's two certificates long before they run out, and the serving one as soon as its address changes. */
export class IdentityKeeper {
  readonly #options: IdentityKeeperOptions
  #timer: Timer | undefined
  #checking: Promise<void> = Promise.resolve()

  constructor(options: IdentityKeeperOptions) {
    this.#options = options
  }

  /**
   * The serving pair to begin with: the one on disk, or a stand-in. A new one is signed only once the node has announced
   * its address, and that is after the agent has started.
   */
  async firstPair(): Promise<KeyPair> {
    const { servingFile, addresses, clock, random, nodeName } = this.#options
    const pair = await servingFile.read()
    if (servesStill(pair, addresses(), clock.now())) return pair
    return signItself({ subject: nodeSubject(nodeName), usage: 'server', ipAddresses: addresses() }, clock, random)
  }

  /** Call when the agent serves: resolves when its certificate is one of the cluster's, or the first try has failed. */
  async start(): Promise<void> {
    await this.check()
    this.#plan()
  }

  async stop(): Promise<void> {
    this.#timer?.cancel()
    await this.#checking
  }

  /** Looks now, e.g. because an address has changed. */
  check(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#renew())
    return this.#checking
  }

  #plan(): void {
    this.#timer = this.#options.clock.after(CHECK_MS, () => void this.check().then(() => this.#plan()))
  }

  async #renew(): Promise<void> {
    const { log, clock, clientFile, onClientPair, onServingPair, client, nodeName } = this.#options
    try {
      const pair = await clientFile.read()
      const since = ranOutAt(pair, clock.now())
      if (since) {
        log.error('The certificate of this node has run out: the cluster does not know it any more', {
          since: since.toISOString(),
          remedy: JOIN_AGAIN,
        })
      }
      if (pair && isDueForRenewal(new X509Certificate(pair.certificate), clock.now())) {
        const fresh = await requestCertificate(client, { signer: CLIENT_SIGNER, nodeName }, clock)
        await clientFile.write(fresh)
        onClientPair(fresh)
        log.info('Client certificate renewed')
      }
      onServingPair(await this.#servingPair())
    } catch (error) {
      log.warn('Certificates could not be renewed; the next check tries again', { error })
    }
  }

  async #servingPair(): Promise<KeyPair> {
    const { servingFile, clock, client, nodeName, addresses, log } = this.#options
    const pair = await servingFile.read()
    if (servesStill(pair, addresses(), clock.now())) return pair
    const wish = {
      signer: SERVING_SIGNER,
      nodeName,
      names: { dnsNames: [nodeName], ipAddresses: addresses() },
    } as const
    const fresh = await requestCertificate(client, wish, clock)
    await servingFile.write(fresh)
    log.info('Serving certificate issued', { addresses: addresses() })
    return fresh
  }
}
