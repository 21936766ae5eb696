import type { KubeObject, ResourceRef } from '../../api/objects.ts'
import type { Client, Live } from '../../client/client.ts'

export interface Following {
  /** Throws what `onState` threw. */
  stop(): Promise<void>
}

/**
 * Shows every state that the objects of a kind go through, none left out: for rules that must hold at each moment, which
 * asking now and then would miss.
 */
export async function follow<T extends KubeObject>(
  client: Client,
  ref: ResourceRef,
  onState: (objects: Live<T>[]) => void,
): Promise<Following> {
  const resource = client.resource<T>(ref)
  const { items, metadata } = await resource.list()
  const objects = new Map(items.map(item => [item.metadata.uid, item]))
  const stopping = new AbortController()
  const watching = (async () => {
    onState([...objects.values()])
    for await (const { type, object } of resource.watch({
      resourceVersion: metadata?.resourceVersion,
      signal: stopping.signal,
    })) {
      if (type === 'DELETED') objects.delete(object.metadata.uid)
      else objects.set(object.metadata.uid, object)
      onState([...objects.values()])
    }
    if (!stopping.signal.aborted) throw new Error(`the watch of ${ref.plural} ended`)
  })().catch((error: Error) => (stopping.signal.aborted && error.name === 'AbortError' ? undefined : error))
  return {
    async stop() {
      stopping.abort()
      const error = await watching
      if (error) throw error
    },
  }
}
