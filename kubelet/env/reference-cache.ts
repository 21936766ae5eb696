import type { KubeObject } from '../../api/objects.ts'
import type { ConfigMap, Secret } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { CONFIG_MAPS, SECRETS } from '../../client/resources.ts'
import { type Clock, sleep } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import type { References } from './environment.ts'

/** How long a first look at an object may take before whoever needs it tries later. */
const PATIENCE_MS = 10_000

interface Parts {
  client: Client
  clock: Clock
  random: Random
  log: Log
  /** An object that pods refer to has come, changed or gone: `secret/NAMESPACE/NAME`. */
  changed(key: string): void
}

/**
 * The ConfigMaps and Secrets that pods of this node refer to, each watched by its name: a node may read no others, and
 * pods see changes as they happen.
 */
export class ReferenceCache implements References {
  readonly #parts: Parts
  readonly #watched = new Map<string, Informer<KubeObject>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#find('configmap', namespace, name)
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#find('secret', namespace, name)
  }

  /** Stops watching what no pod refers to any more. */
  async retain(keys: ReadonlySet<string>): Promise<void> {
    const lost = [...this.#watched].filter(([key]) => !keys.has(key))
    for (const [key] of lost) this.#watched.delete(key)
    await Promise.all(lost.map(([, informer]) => informer.stop()))
  }

  stop(): Promise<void> {
    return this.retain(new Set())
  }

  async #find(kind: 'configmap' | 'secret', namespace: string, name: string): Promise<KubeObject | undefined> {
    const key = `${kind}/${namespace}/${name}`
    const informer = this.#watched.get(key) ?? this.#watch(key, kind, namespace, name)
    if (!informer.hasSynced) await this.#patiently(informer.synced(), `${kind} ${namespace}/${name}`)
    return informer.get(`${namespace}/${name}`)
  }

  #watch(key: string, kind: 'configmap' | 'secret', namespace: string, name: string): Informer<KubeObject> {
    const { client, clock, random, log, changed } = this.#parts
    const resource = client.resource<KubeObject>(kind === 'secret' ? SECRETS : CONFIG_MAPS)
    const fieldSelector = `metadata.name=${name}`
    const informer = new Informer<KubeObject>(resource, { clock, random, log, namespace, fieldSelector })
    const tell = () => changed(key)
    informer.addHandler({ added: (_, initial) => initial || tell(), updated: tell, deleted: tell })
    informer.start()
    this.#watched.set(key, informer)
    return informer
  }

  async #patiently(synced: Promise<void>, what: string): Promise<void> {
    const done = new AbortController()
    const late = sleep(this.#parts.clock, PATIENCE_MS, done.signal).then(
      () => Promise.reject(new Error(`the API server did not give ${what} in ${PATIENCE_MS / 1000} s`)),
      () => {},
    )
    await Promise.race([synced, late])
    done.abort()
  }
}
