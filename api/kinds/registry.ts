/**
 * The built-in kinds, one record each. Start with core.ts or apps.ts for what a record looks like, then declare.ts for
 * what is filled in where a record says nothing, and strategy.ts for what the server does to most kinds.
 */
import type { Kind } from '../kind.ts'
import { accessKinds, bodyKinds } from './access.ts'
import { appsKinds } from './apps.ts'
import { autoscalingKinds } from './autoscaling.ts'
import { batchKinds } from './batch.ts'
import { clusterKinds } from './cluster.ts'
import { coreKinds } from './core.ts'
import { extensionKinds } from './extension.ts'
import { networkingKinds } from './networking.ts'
import { policyKinds } from './policy.ts'
import { rbacKinds } from './rbac.ts'
import { storageKinds } from './storage.ts'

let builtin: readonly Kind[] | undefined
let byKind: Map<string, Kind> | undefined
let byResource: Map<string, Kind> | undefined

/** Every kind that is served from the start, the preferred version of a group first. */
export function builtinKinds(): readonly Kind[] {
  builtin ??= [
    ...coreKinds(),
    ...appsKinds(),
    ...batchKinds(),
    ...autoscalingKinds(),
    ...policyKinds(),
    ...rbacKinds(),
    ...networkingKinds(),
    ...storageKinds(),
    ...clusterKinds(),
    ...accessKinds(),
    ...extensionKinds(),
  ]
  return builtin
}

/** A built-in kind by name; also those that are only bodies of subresources: Scale, Eviction, TokenRequest. */
export function findKind(group: string, version: string, kind: string): Kind | undefined {
  byKind ??= new Map([...builtinKinds(), ...bodyKinds()].map(one => [`${one.group}/${one.version}/${one.kind}`, one]))
  return byKind.get(`${group}/${version}/${kind}`)
}

export function findResource(group: string, version: string, plural: string): Kind | undefined {
  byResource ??= new Map(builtinKinds().map(one => [`${one.group}/${one.version}/${one.plural}`, one]))
  return byResource.get(`${group}/${version}/${plural}`)
}
