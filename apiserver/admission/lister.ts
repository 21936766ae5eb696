import type { KubeObject } from '../../api/objects.ts'
import type { Catalog } from '../catalog.ts'
import type { ObjectStore } from '../stages/store.ts'
import { prefixEnd, storageKey } from '../storage/keys.ts'

/** How admission looks at other objects: as the cache has them, shared and never to be changed. */
export interface Lister {
  get<T extends KubeObject>(resource: string, namespace: string, name: string): Readonly<T> | undefined
  /** As it is now, for what was perhaps made a moment ago. */
  getNow<T extends KubeObject>(resource: string, namespace: string, name: string): Promise<Readonly<T> | undefined>
  list<T extends KubeObject>(resource: string, namespace?: string): Readonly<T>[]
}

/** Resources are named `pods` or `priorityclasses.scheduling.k8s.io`. */
export function createLister(catalog: Catalog, objects: ObjectStore): Lister {
  const kindOf = (resource: string) => {
    const dot = resource.indexOf('.')
    const [plural, group] = dot < 0 ? [resource, ''] : [resource.slice(0, dot), resource.slice(dot + 1)]
    const kind = catalog.byResource(group, plural)
    if (!kind) throw new Error(`no resource ${resource} is served`)
    return kind
  }
  return {
    get: (resource, namespace, name) => objects.peek(kindOf(resource), namespace, name)?.shared(),
    async getNow(resource, namespace, name) {
      return (await objects.find(kindOf(resource), namespace, name))?.shared()
    },
    list<T extends KubeObject>(resource: string, namespace?: string): Readonly<T>[] {
      const kind = kindOf(resource)
      const start = storageKey(kind, namespace)
      return objects
        .shelf(kind)
        .range(start, prefixEnd(start))
        .map(entry => entry.shared<T>())
    },
  }
}
