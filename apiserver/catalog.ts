import type { Kind, Subresource } from '../api/kind.ts'

export interface ServedGroup {
  name: string
  /** The preferred one first. */
  versions: string[]
}

/**
 * The kinds that are served now, built-in and custom. Routes, discovery, OpenAPI and admission ask here; `generation`
 * tells whoever keeps something derived that it must be derived again.
 */
export class Catalog {
  readonly #builtIn: readonly Kind[]
  #custom: readonly Kind[] = []
  #byPath = new Map<string, Kind>()
  #byKind = new Map<string, Kind>()
  #byResource = new Map<string, Kind>()
  #versions = new Set<string>()
  #generation = 0
  readonly #whenGone = new Map<Kind, Set<() => void>>()

  constructor(kinds: readonly Kind[]) {
    this.#builtIn = kinds
    this.#index()
  }

  get generation(): number {
    return this.#generation
  }

  get kinds(): readonly Kind[] {
    return [...this.#builtIn, ...this.#custom]
  }

  find(group: string, version: string, plural: string): Kind | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`)
  }

  byKind(group: string, version: string, kind: string): Kind | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`)
  }

  /** Any version of a resource: the first one that is served. */
  byResource(group: string, plural: string): Kind | undefined {
    return this.#byResource.get(`${group}/${plural}`)
  }

  isServed(group: string, version: string): boolean {
    return this.#versions.has(`${group}/${version}`)
  }

  groups(): ServedGroup[] {
    const groups = new Map<string, string[]>()
    for (const kind of this.kinds) {
      const versions = groups.get(kind.group) ?? []
      if (!versions.includes(kind.version)) versions.push(kind.version)
      groups.set(kind.group, versions)
    }
    return [...groups].map(([name, versions]) => ({ name, versions: versions.sort(byVersionPriority) }))
  }

  inVersion(group: string, version: string): Kind[] {
    return this.kinds.filter(kind => kind.group === group && kind.version === version)
  }

  get builtIn(): readonly Kind[] {
    return this.#builtIn
  }

  replaceCustom(kinds: readonly Kind[]): void {
    const gone = this.#custom.filter(kind => !kinds.includes(kind))
    if (gone.length === 0 && kinds.length === this.#custom.length) return
    this.#custom = kinds
    this.#index()
    for (const kind of gone) this.#leave(kind)
  }

  /** Who watches goes on where only names and verbs have changed, which the common schema shows. */
  #leave(kind: Kind): void {
    const listeners = this.#whenGone.get(kind)
    if (!listeners) return
    this.#whenGone.delete(kind)
    const successor = this.find(kind.group, kind.version, kind.plural)
    if (successor?.schema === kind.schema) this.#whenGone.set(successor, listeners)
    else for (const listener of listeners) listener()
  }

  /** Called when a kind is served no more, or under another record. Returns how to stop waiting for that. */
  whenGone(kind: Kind, listener: () => void): () => void {
    const listeners = this.#whenGone.get(kind) ?? new Set()
    this.#whenGone.set(kind, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  #index(): void {
    this.#versions = new Set(this.kinds.map(kind => `${kind.group}/${kind.version}`))
    // The first version is the preferred one: it is what a later one of the same name must not hide.
    this.#byResource = new Map(this.kinds.toReversed().map(kind => [`${kind.group}/${kind.plural}`, kind]))
    this.#byPath = new Map(this.kinds.map(kind => [`${kind.group}/${kind.version}/${kind.plural}`, kind]))
    this.#byKind = new Map(this.kinds.map(kind => [`${kind.group}/${kind.version}/${kind.kind}`, kind]))
    this.#generation++
  }
}

export function subresourceOf(kind: Kind, name: string): Subresource | undefined {
  return kind.subresources.find(subresource => subresource.name === name)
}

/** Newest stable version first, then beta, then alpha: v2, v1, v2beta1, v1alpha1. */
export function byVersionPriority(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)]
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : 1
  return right.stability - left.stability || right.major - left.major || right.minor - left.minor
}

function parseVersion(text: string) {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text)
  if (!match) return undefined
  const stability = match[2] === 'alpha' ? 0 : match[2] === 'beta' ? 1 : 2
  return { major: Number(match[1]), stability, minor: Number(match[3] ?? 0) }
}

/** Kinds that a CustomResourceDefinition made bring their own way of fitting an object to their schema. */
export function isCustom(kind: Kind): boolean {
  return kind.conform !== undefined
}
