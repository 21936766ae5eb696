import { ApiError } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import { deepEqual, isRecord } from '../../api/values.ts'
import type { Random } from '../../platform/random.ts'
import type { Entry } from '../storage/entry.ts'
import { newUid } from '../verbs/meta.ts'
import type { WebhookClient } from '../webhook/client.ts'

const PATIENCE_MS = 30_000

/** Runs what needs these entries once they can be shown. */
export type Turns = (entries: readonly (Entry | undefined)[], run: () => void) => void

/**
 * Custom resources whose versions differ by more than their name: their author's webhook turns one into the other. Entries
 * are prepared in one question before they are shown, and keep the answer; what shows them stays synchronous.
 */
export class Conversion {
  readonly #webhooks: Pick<WebhookClient, 'ask'>
  readonly #random: Random

  constructor(webhooks: Pick<WebhookClient, 'ask'>, random: Random) {
    this.#webhooks = webhooks
    this.#random = random
  }

  /** Makes stored entries ready to be shown as this kind. */
  async prepare(kind: Kind, entries: readonly (Entry | undefined)[]): Promise<void> {
    if (!kind.storage.webhook) return
    const wanted = apiVersionOf(kind)
    const strange = entries.filter(
      entry => entry && entry.value.length > 0 && !entry.converted(wanted) && entry.shared().apiVersion !== wanted,
    ) as Entry[]
    if (strange.length === 0) return
    const objects = strange.map(entry => entry.object())
    const answers = await this.#ask(kind, wanted, objects)
    strange.forEach((entry, index) => {
      entry.keepConverted(wanted, answers[index]!)
    })
  }

  /** The object in the version of the store. */
  async toStored(kind: Kind, object: KubeObject): Promise<KubeObject> {
    const { webhook, version, toStored } = kind.storage
    if (!webhook) return toStored ? toStored(object) : object
    if (version.version === kind.version) return object
    const [stored] = await this.#ask(kind, apiVersionOf(version), [object])
    return stored!
  }

  /** An object of one version as another version of the same kind shows it. */
  async convert(from: Kind, to: Kind, object: KubeObject): Promise<KubeObject> {
    const stored = await this.toStored(from, object)
    const { webhook, version, fromStored } = to.storage
    const isOther = webhook !== undefined && version.version !== to.version
    const turned = isOther ? (await this.#ask(to, apiVersionOf(to), [stored]))[0]! : stored
    return fromStored ? fromStored(turned) : turned
  }

  /** For what must be told in order: at once where nothing is asked, else one after the other. */
  turns(kind: Kind, failed: (error: unknown) => void): Turns {
    if (!kind.storage.webhook) return (_entries, run) => run()
    let last = Promise.resolve()
    return (entries, run) => {
      last = last.then(() => this.prepare(kind, entries).then(run)).catch(failed)
    }
  }

  async #ask(kind: Kind, desiredAPIVersion: string, objects: KubeObject[]): Promise<KubeObject[]> {
    const { clientConfig, conversionReviewVersions } = kind.storage.webhook!
    const name = `conversion webhook for ${apiVersionOf(kind)}, Kind=${kind.kind} failed`
    if (!conversionReviewVersions.includes('v1'))
      throw failure(name, 'it speaks no version of ConversionReview but older ones')
    const uid = newUid(this.#random)
    const request = { uid, desiredAPIVersion, objects }
    const review = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request }
    const answer = await this.#webhooks.ask(clientConfig, review, PATIENCE_MS).catch(error => {
      throw failure(name, error instanceof Error ? error.message : String(error))
    })
    const problem = checkAnswer(answer, uid, desiredAPIVersion, objects)
    if (problem) throw failure(name, problem)
    const converted = (answer as Review).response!.convertedObjects!
    return converted.map((object, index) => withMetadata(object, objects[index]!))
  }
}

interface Review {
  response?: {
    uid?: string
    result?: { status?: string; message?: string }
    convertedObjects?: KubeObject[]
  }
}

function failure(name: string, why: string): ApiError {
  return new ApiError('InternalError', `${name}: ${why}`)
}

/** What is wrong with an answer; undefined when it can be used. */
export function checkAnswer(
  answer: unknown,
  uid: string,
  apiVersion: string,
  objects: readonly KubeObject[],
): string | undefined {
  const response = isRecord(answer) ? (answer as Review).response : undefined
  if (!isRecord(response)) return 'the answer has no response'
  if (response.uid !== uid) return `expected response.uid="${uid}", got "${response.uid}"`
  if (response.result?.status !== 'Success') return response.result?.message ?? 'no reason was given'
  const converted = response.convertedObjects ?? []
  if (converted.length !== objects.length) {
    return `webhook returned ${converted.length} objects, expected ${objects.length}`
  }
  for (const [index, object] of converted.entries()) {
    const problem = checkObject(object, objects[index]!, apiVersion)
    if (problem) return `webhook returned invalid converted object at index ${index}: ${problem}`
  }
  return undefined
}

function checkObject(object: unknown, before: KubeObject, apiVersion: string): string | undefined {
  if (!isRecord(object)) return 'it is no object'
  const { apiVersion: found, kind, metadata } = object as KubeObject
  if (found !== apiVersion) return `invalid apiVersion: ${found}, expected ${apiVersion}`
  if (kind !== before.kind) return `invalid kind: ${kind}, expected ${before.kind}`
  for (const key of ['name', 'namespace', 'uid'] as const) {
    if (metadata?.[key] !== before.metadata?.[key]) return `metadata.${key} may not be changed`
  }
  return undefined
}

/** A webhook may change labels and annotations; the rest of the metadata is the server's. */
function withMetadata(object: KubeObject, before: KubeObject): KubeObject {
  const { labels, annotations } = object.metadata ?? {}
  const same = deepEqual(labels, before.metadata?.labels) && deepEqual(annotations, before.metadata?.annotations)
  return { ...object, metadata: same ? before.metadata : { ...before.metadata, labels, annotations } }
}
