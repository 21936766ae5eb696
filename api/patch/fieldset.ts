import { isRecord } from '../values.ts'

const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map()

/**
 * A set of fields of an object: what a manager owns. A tree by path elements, written as in metadata.managedFields:
 * `f:name` is a field, `k:{"name":"a"}` the element of a list with that key, `v:"x"` an element of a set, `.` the place
 * itself beside what is below it. A set that is made does not change any more: sets share their branches.
 */
export class FieldSet {
  /** Whether the place itself belongs to the set. */
  member = false
  /** Most places of a tree are its leaves: they share one map, which stays empty. */
  #children: Map<string, FieldSet> | undefined

  get children(): ReadonlyMap<string, FieldSet> {
    return this.#children ?? NO_CHILDREN
  }

  get isEmpty(): boolean {
    return !this.member && this.children.size === 0
  }

  child(element: string): FieldSet {
    const known = this.children.get(element)
    if (known) return known
    const made = new FieldSet()
    this.#hang(element, made)
    return made
  }

  add(path: readonly string[]): void {
    let at: FieldSet = this
    for (const element of path) at = at.child(element)
    at.member = true
  }

  has(path: readonly string[]): boolean {
    return this.at(path)?.member ?? false
  }

  /** What lies at a path and below; undefined when nothing does. */
  at(path: readonly string[]): FieldSet | undefined {
    let at: FieldSet | undefined = this
    for (const element of path) at = at?.children.get(element)
    return at
  }

  /** Every member's path. */
  *paths(prefix: readonly string[] = []): Generator<readonly string[]> {
    if (this.member) yield prefix
    for (const [element, child] of this.children) yield* child.paths([...prefix, element])
  }

  union(other: FieldSet): FieldSet {
    const result = FieldSet.of(this.member || other.member)
    for (const [element, child] of this.children) {
      const match = other.children.get(element)
      result.#hang(element, match ? child.union(match) : child)
    }
    for (const [element, child] of other.children) {
      if (!this.children.has(element)) result.#hang(element, child)
    }
    return result
  }

  intersection(other: FieldSet): FieldSet {
    const result = FieldSet.of(this.member && other.member)
    for (const [element, child] of this.children) {
      const match = other.children.get(element)
      if (match) result.put(element, child.intersection(match))
    }
    return result
  }

  difference(other: FieldSet): FieldSet {
    if (other.isEmpty) return this
    const result = FieldSet.of(this.member && !other.member)
    for (const [element, child] of this.children) {
      const match = other.children.get(element)
      result.put(element, match ? child.difference(match) : child)
    }
    return result
  }

  filter(keep: (path: readonly string[]) => boolean): FieldSet {
    const result = new FieldSet()
    for (const path of this.paths()) if (keep(path)) result.add(path)
    return result
  }

  /** Without some of its elements, and what is below them. */
  without(elements: ReadonlySet<string>): FieldSet {
    const result = FieldSet.of(this.member)
    for (const [element, child] of this.children) if (!elements.has(element)) result.#hang(element, child)
    return result
  }

  /** Hangs a set below an element; an empty one leaves no trace. */
  put(element: string, child: FieldSet | undefined): void {
    if (child && !child.isEmpty) this.#hang(element, child)
  }

  #hang(element: string, child: FieldSet): void {
    this.#children ??= new Map()
    this.#children.set(element, child)
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).isEmpty && other.difference(this).isEmpty
  }

  /** As managedFields has it; elements in order, so that equal sets are equal texts. */
  toJson(): Record<string, unknown> {
    const json: Record<string, unknown> = {}
    if (this.member && this.children.size > 0) json['.'] = {}
    for (const element of [...this.children.keys()].sort()) json[element] = this.children.get(element)!.toJson()
    return json
  }

  static of(member: boolean): FieldSet {
    const set = new FieldSet()
    set.member = member
    return set
  }

  static fromJson(json: unknown): FieldSet {
    const set = new FieldSet()
    if (!isRecord(json)) return set
    for (const [element, below] of Object.entries(json)) {
      if (element === '.') set.member = true
      else set.#hang(element, FieldSet.fromPlace(below))
    }
    return set
  }

  /** An empty object is a place that is owned. */
  private static fromPlace(json: unknown): FieldSet {
    const set = FieldSet.fromJson(json)
    if (set.children.size === 0) set.member = true
    return set
  }
}

/** `.spec.containers[name="a"].image`: a path as conflicts name it. */
export function describePath(path: readonly string[]): string {
  return path.map(describeElement).join('')
}

function describeElement(element: string): string {
  const [kind, rest] = [element.slice(0, 2), element.slice(2)]
  if (kind === 'f:') return `.${rest}`
  if (kind === 'i:') return `[${rest}]`
  if (kind === 'v:') return `[=${rest}]`
  const key = JSON.parse(rest) as Record<string, unknown>
  const parts = Object.keys(key).map(name => `${name}=${JSON.stringify(key[name])}`)
  return `[${parts.join(',')}]`
}
