import { type KubeObject, objectKey, type ResourceRef } from '../api/objects.ts'
import { addQuantity, canonicalQuantity, compareQuantity } from '../api/quantity.ts'
import { countsObject } from '../api/quota/scopes.ts'
import { type Usage, usageOf } from '../api/quota/usage.ts'
import type { Pod, ResourceQuota } from '../api/types/core-v1.ts'
import { deepEqual } from '../api/values.ts'
import type { Live, ResourceClient } from '../client/client.ts'
import { unlessGone } from '../client/outcomes.ts'
import {
  CONFIG_MAPS,
  PERSISTENT_VOLUME_CLAIMS,
  REPLICATION_CONTROLLERS,
  RESOURCE_QUOTAS,
  SECRETS,
  SERVICES,
} from '../client/resources.ts'
import { sleep } from '../platform/clock.ts'
import { type Context, type Controller, createChore, createLoop, together } from './context.ts'
import { discover } from './discovery.ts'
import { isFinished, sharedPods } from './pods.ts'

const FULL_ROUND_MS = 300_000
/** A charge is written before its object is: a rest that is seen must hold for this long to be believed. */
const SETTLE_MS = 500

/** What a namespace's objects use under the names that a quota limits. */
export function usedUnder(
  quota: ResourceQuota,
  objects: readonly { resource: { group: string; plural: string }; object: KubeObject }[],
): Record<string, string> {
  const hard = quota.spec?.hard ?? {}
  const used: Usage = Object.fromEntries(Object.keys(hard).map(name => [name, 0]))
  for (const { resource, object } of objects) {
    if (!countsObject(quota, resource, object) || isOver(resource, object)) continue
    for (const [name, amount] of Object.entries(usageOf(resource, object))) {
      if (used[name] !== undefined) used[name] = addQuantity(used[name], amount)
    }
  }
  return Object.fromEntries(Object.entries(used).map(([name, amount]) => [name, canonicalQuantity(amount)]))
}

/** Pods that have ended use nothing any more. */
function isOver({ group, plural }: { group: string; plural: string }, object: KubeObject): boolean {
  return group === '' && plural === 'pods' && isFinished(object as Pod)
}

export function quotaController(context: Context): Controller {
  return new QuotaKeeper(context).controller
}

/** Counts anew what quotas limit: admission only ever adds, and sometimes in vain. */
class QuotaKeeper {
  readonly controller: Controller
  readonly #context: Context
  readonly #quotas
  readonly #resource: ResourceClient<ResourceQuota>
  readonly #loop

  constructor(context: Context) {
    const { client, informers } = context
    this.#context = context
    this.#quotas = informers.of<ResourceQuota>(RESOURCE_QUOTAS)
    this.#resource = client.resource<ResourceQuota>(RESOURCE_QUOTAS)
    this.#loop = createLoop(context, 'resourcequota-controller', key => this.#step(key))
    this.#loop.watch(this.#quotas)
    const ofNamespace = (namespace: string) =>
      this.#quotas.list().filter(quota => quota.metadata.namespace === namespace)
    const recount = (object: Live<KubeObject>) => {
      for (const quota of ofNamespace(object.metadata.namespace)) this.#loop.queue.add(objectKey(quota))
    }
    for (const ref of [SERVICES, PERSISTENT_VOLUME_CLAIMS, CONFIG_MAPS, SECRETS, REPLICATION_CONTROLLERS]) {
      informers.of(ref).addHandler({ deleted: recount })
    }
    sharedPods(informers).addHandler({
      deleted: recount,
      updated(pod, old) {
        if (isFinished(pod) && !isFinished(old)) recount(pod)
      },
    })
    const round = createChore(context, 'resourcequota-round', FULL_ROUND_MS, async () => {
      for (const quota of this.#quotas.list()) this.#loop.queue.add(objectKey(quota))
    })
    this.controller = together(this.#loop, round)
  }

  async #step(key: string): Promise<void> {
    const known = this.#quotas.get(key)
    if (!known) return
    const { name, namespace } = known.metadata
    const quota = await unlessGone(this.#resource.get(name, namespace))
    if (!quota) return
    const status = await this.#count(quota)
    if (deepEqual(status, quota.status)) return
    if (isLower(status.used, quota.status?.used)) {
      await sleep(this.#context.clock, SETTLE_MS)
      if (!deepEqual(await this.#count(quota), status)) return this.#loop.queue.add(key)
    }
    // Under the revision that was read first: a charge in between makes this fail, and it is counted again.
    await unlessGone(this.#resource.update({ ...quota, status }, 'status'))
  }

  async #count(quota: Live<ResourceQuota>) {
    const objects = []
    for (const ref of await this.#limitedKinds(quota)) {
      const { items } = await this.#context.client
        .resource<KubeObject>(ref)
        .list({ namespace: quota.metadata.namespace })
      for (const object of items) objects.push({ resource: ref, object })
    }
    return { hard: quota.spec.hard, used: usedUnder(quota, objects) }
  }

  /** Only what the quota speaks of is read. */
  async #limitedKinds(quota: Live<ResourceQuota>): Promise<ResourceRef[]> {
    const names = Object.keys(quota.spec.hard ?? {})
    const { resources } = await discover(this.#context.client)
    return resources.filter(ref => ref.namespaced && names.some(name => speaksOf(name, ref)))
  }
}

const OF_SERVICES = new Set(['services', 'services.loadbalancers', 'services.nodeports'])

/** Whether a name in a quota is about a kind: only what it speaks of has to be read. */
export function speaksOf(name: string, { group, plural }: { group: string; plural: string }): boolean {
  if (name.startsWith('count/')) return name === `count/${group === '' ? plural : `${plural}.${group}`}`
  if (group !== '') return false
  if (OF_SERVICES.has(name)) return plural === 'services'
  if (name === plural) return true
  if (name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/'))
    return plural === 'persistentvolumeclaims'
  const isCompute =
    /^(requests\.|limits\.)?(cpu|memory|ephemeral-storage|hugepages-.*)$/.test(name) || /^requests\..*\//.test(name)
  return isCompute && plural === 'pods'
}

function isLower(used: Usage, before: Usage | undefined): boolean {
  return Object.entries(before ?? {}).some(([name, amount]) => compareQuantity(used[name] ?? 0, amount) < 0)
}
