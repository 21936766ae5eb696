import { apiVersionOf, type KubeObject, type ResourceRef } from '../api/objects.ts'
import type { Client } from '../client/client.ts'
import { Informer, type InformerOptions } from '../client/informer.ts'

/** One informer a kind, however many controllers watch it. */
export class SharedInformers {
  readonly #client: Client
  readonly #options: InformerOptions
  readonly #informers = new Map<string, Informer<KubeObject>>()

  constructor(client: Client, options: InformerOptions) {
    this.#client = client
    this.#options = options
  }

  of<T extends KubeObject>(ref: ResourceRef): Informer<T> {
    const name = `${apiVersionOf(ref)}/${ref.plural}`
    let informer = this.#informers.get(name)
    if (!informer) {
      informer = new Informer(this.#client.resource<KubeObject>(ref), this.#options)
      this.#informers.set(name, informer)
    }
    return informer as unknown as Informer<T>
  }

  /** The informer of a kind that some controller watches; undefined: nobody does. */
  find(ref: ResourceRef): Informer<KubeObject> | undefined {
    return this.#informers.get(`${apiVersionOf(ref)}/${ref.plural}`)
  }

  /** Resolves when all have their first full list. */
  async start(): Promise<void> {
    const all = [...this.#informers.values()]
    for (const informer of all) informer.start()
    await Promise.all(all.map(informer => informer.synced()))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(informer => informer.stop()))
  }
}
