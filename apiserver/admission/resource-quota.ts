import { addQuantity, canonicalQuantity, compareQuantity, subtractQuantity } from '../../api/quantity.ts'
import { countsObject } from '../../api/quota/scopes.ts'
import { type Usage, usageOf } from '../../api/quota/usage.ts'
import type { Container, Pod, ResourceQuota } from '../../api/types/core-v1.ts'
import type { Catalog } from '../catalog.ts'
import type { ObjectStore } from '../stages/store.ts'
import { prefixEnd, storageKey } from '../storage/keys.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'
import { refuse } from './refuse.ts'

export interface QuotaSurroundings {
  lister: Lister
  catalog: Catalog
  objects: ObjectStore
}

/**
 * A namespace's quotas are charged before an object is stored. The charge is written into the quota's status under its
 * resourceVersion, so two servers never spend the same rest; the quota controller puts right what was charged in vain.
 */
export function resourceQuota(around: QuotaSurroundings): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    async validate(request) {
      const { operation, kind, subresource, namespace, dryRun } = request
      if (!kind.namespaced || namespace === '' || subresource !== '') return
      if (operation !== 'CREATE' && operation !== 'UPDATE') return
      if (kind.group === '' && kind.plural === 'events') return
      const quotas = around.lister.list<ResourceQuota>('resourcequotas', namespace)
      for (const quota of quotas) await charge(around, request, quota, dryRun)
    },
  }
}

async function charge(
  around: QuotaSurroundings,
  request: AdmissionRequest,
  quota: Readonly<ResourceQuota>,
  dryRun: boolean,
) {
  const cost = costUnder(request, quota)
  if (!cost) return
  const name = quota.metadata?.name ?? ''
  const kind = around.catalog.find('', 'v1', 'resourcequotas')!
  await around.objects.modify(kind, request.namespace, name, entry => {
    const charged = chargeQuota(request, entry.object<ResourceQuota>(), cost, resource =>
      usedNow(around, request, resource),
    )
    return dryRun ? undefined : charged
  })
}

/** What the write adds under those names that the quota limits; undefined when that is nothing. */
function costUnder(request: AdmissionRequest, quota: Readonly<ResourceQuota>): Usage | undefined {
  const { kind, object, old } = request
  if (!countsObject(quota, kind, object)) return undefined
  const hard = quota.spec?.hard ?? {}
  const after = usageOf(kind, object!)
  const before = old && countsObject(quota, kind, old) ? usageOf(kind, old) : {}
  if (!old) requireAmounts(request, quota)
  const added = Object.entries(after).flatMap(([name, amount]): [string, string][] => {
    const difference = subtractQuantity(amount, before[name] ?? 0)
    return hard[name] !== undefined && compareQuantity(difference, 0) > 0 ? [[name, difference]] : []
  })
  return added.length > 0 ? Object.fromEntries(added) : undefined
}

/** Where a quota limits what containers use, every container must say how much. */
function requireAmounts(request: AdmissionRequest, quota: Readonly<ResourceQuota>): void {
  const { kind, object } = request
  if (kind.group !== '' || kind.kind !== 'Pod') return
  const { spec } = object as Pod
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  const missing = Object.keys(quota.spec?.hard ?? {})
    .filter(isComputeName)
    .flatMap(name => {
      const silent = containers.filter(container => !says(container, name)).map(container => container.name)
      return silent.length > 0 ? [`${name} for: ${silent.join(',')}`] : []
    })
  if (missing.length > 0)
    throw refuse(request, `failed quota: ${quota.metadata?.name}: must specify ${missing.join('; ')}`)
}

const COMPUTE = ['cpu', 'memory']

function isComputeName(name: string): boolean {
  return COMPUTE.includes(name) || COMPUTE.some(one => name === `requests.${one}` || name === `limits.${one}`)
}

function says({ resources }: Container, name: string): boolean {
  const [side, resource] = name.includes('.') ? name.split('.') : ['requests', name]
  return resources?.[side as 'requests' | 'limits']?.[resource!] !== undefined
}

/** The quota with the cost added to what is used; throws Forbidden when that is more than it allows. */
function chargeQuota(
  request: AdmissionRequest,
  quota: ResourceQuota,
  cost: Usage,
  usedNow: (resource: string) => string | number,
): ResourceQuota {
  const hard = quota.spec?.hard ?? {}
  const used: Usage = { ...quota.status?.used }
  const limited = Object.entries(cost).filter(([name]) => hard[name] !== undefined)
  const exceeded: string[] = []
  for (const [name, amount] of limited) {
    const before = used[name] ?? usedNow(name)
    used[name] = addQuantity(before, amount)
    if (compareQuantity(used[name], hard[name]!) > 0) exceeded.push(name)
    else continue
    used[name] = before
  }
  if (exceeded.length > 0) {
    const list = (amounts: Readonly<Usage>) =>
      exceeded
        .sort()
        .map(name => `${name}=${canonicalQuantity(amounts[name] ?? 0)}`)
        .join(',')
    throw refuse(
      request,
      `exceeded quota: ${quota.metadata?.name}, requested: ${list(cost)}, used: ${list(used)}, limited: ${list(hard)}`,
    )
  }
  return {
    ...quota,
    status: { ...quota.status, hard: quota.status?.hard ?? hard, used: used as Record<string, string> },
  }
}

/** Counted from the objects themselves, where the controller has not counted yet. */
function usedNow(
  { catalog, objects }: QuotaSurroundings,
  request: AdmissionRequest,
  resource: string,
): string | number {
  const { kind, namespace } = request
  const start = storageKey(catalog.find(kind.group, kind.version, kind.plural) ?? kind, namespace)
  const entries = objects.shelf(kind).range(start, prefixEnd(start))
  return entries.reduce<string | number>(
    (sum, entry) => addQuantity(sum, usageOf(kind, entry.object())[resource] ?? 0),
    0,
  )
}
