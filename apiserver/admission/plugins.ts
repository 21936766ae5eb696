import type { Catalog } from '../catalog.ts'
import type { ApiServerOptions } from '../options.ts'
import type { ObjectStore } from '../stages/store.ts'
import type { AdmissionPlugin } from './admission.ts'
import { certificateRequester } from './certificates.ts'
import { createLister } from './lister.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { defaultTolerationSeconds, priority } from './pods.ts'
import { serviceAccountAdmission } from './service-account.ts'

interface Shared {
  catalog: Catalog
  objects: ObjectStore
}

/** The admission plugins in Kubernetes' order, without those that are switched off. */
export function createPlugins(options: ApiServerOptions, { catalog, objects }: Shared): AdmissionPlugin[] {
  const lister = createLister(catalog, objects)
  const { clock, random } = options
  const all: AdmissionPlugin[] = [
    namespaceLifecycle(lister),
    serviceAccountAdmission({ lister, clock, random }),
    defaultTolerationSeconds,
    priority(lister),
    certificateRequester,
  ]
  const off = new Set(options.admission?.disable)
  return all.filter(plugin => !off.has(plugin.name))
}
