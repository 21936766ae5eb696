import type { RbacAuthorizer } from '../auth/rbac.ts'
import type { Catalog } from '../catalog.ts'
import type { Conversion } from '../crd/conversion.ts'
import type { ApiServerOptions } from '../options.ts'
import type { Authorization } from '../stages/authorize.ts'
import type { ObjectStore } from '../stages/store.ts'
import type { Metrics } from '../traffic/metrics.ts'
import type { WebhookClient } from '../webhook/client.ts'
import type { AdmissionPlugin } from './admission.ts'
import { WebhookMetrics } from './admission-metrics.ts'
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts'
import { limitRanger } from './limit-ranger.ts'
import { createLister } from './lister.ts'
import { mutatingPolicies } from './mutating-policies.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { ownerReferencesPermission } from './owner-references.ts'
import { podNodeSelector, runtimeClass, taintNodesByCondition } from './placement.ts'
import { podSecurity } from './pod-security/plugin.ts'
import { defaultTolerationSeconds, priority } from './pods.ts'
import { validatingPolicies } from './policies.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { resourceQuota } from './resource-quota.ts'
import { serviceAccountAdmission } from './service-account.ts'
import {
  defaultIngressClass,
  defaultStorageClass,
  persistentVolumeClaimResize,
  storageObjectInUseProtection,
} from './storage.ts'
import { mutatingWebhooks, validatingWebhooks } from './webhooks.ts'

interface Shared {
  catalog: Catalog
  objects: ObjectStore
  rbac: RbacAuthorizer
  authorization: Authorization
  webhookClient: WebhookClient
  conversion: Conversion
  metrics: Metrics
}

/** On only when --enable-admission-plugins names them. */
const OFF_BY_DEFAULT = new Set(['PodNodeSelector', 'OwnerReferencesPermissionEnforcement', 'NodeRestriction'])

/** The plugins in Kubernetes' order, without those that are off; what guards the server itself is always on. */
export function createPlugins(options: ApiServerOptions, shared: Shared): AdmissionPlugin[] {
  const all = allPlugins(options, shared)
  const { enable = [], disable = [] } = options.admission ?? {}
  checkNames([...enable, ...disable], all)
  const on = ({ name }: AdmissionPlugin) =>
    enable.includes(name) || (!disable.includes(name) && !OFF_BY_DEFAULT.has(name))
  const { rbac, authorization } = shared
  const guards = [
    certificateRequester,
    rbacEscalation({ lister: createLister(shared.catalog, shared.objects), rbac, authorization }),
  ]
  return [...all.filter(on), ...guards]
}

function allPlugins({ clock, random, admission }: ApiServerOptions, shared: Shared): AdmissionPlugin[] {
  const { catalog, objects, authorization, conversion, webhookClient: client } = shared
  const lister = createLister(catalog, objects)
  const asking = { metrics: new WebhookMetrics(shared.metrics), clock }
  const webhooks = { lister, catalog, conversion, client, random, authorization, ...asking }
  return [
    namespaceLifecycle(lister),
    podNodeSelector(lister),
    limitRanger(lister),
    serviceAccountAdmission({ lister, clock, random }),
    nodeRestriction(lister),
    taintNodesByCondition,
    podSecurity(lister),
    priority(lister),
    defaultTolerationSeconds(admission?.tolerationSeconds),
    defaultStorageClass(lister),
    storageObjectInUseProtection,
    ownerReferencesPermission(catalog, authorization),
    persistentVolumeClaimResize(lister),
    runtimeClass(lister),
    certificateApproval(authorization),
    certificateSigning(authorization),
    certificateSubjectRestriction,
    defaultIngressClass(lister),
    mutatingPolicies(webhooks),
    mutatingWebhooks(webhooks),
    validatingPolicies(webhooks),
    validatingWebhooks(webhooks),
    resourceQuota({ lister, catalog, objects }),
  ]
}

/** A name that nobody knows is a mistake in a flag: better said at the start than missed later. */
function checkNames(names: readonly string[], plugins: readonly AdmissionPlugin[]): void {
  const known = new Set(plugins.map(plugin => plugin.name))
  const unknown = names.filter(name => !known.has(name))
  if (unknown.length > 0)
    throw new Error(`unknown admission plugin${unknown.length > 1 ? 's' : ''}: ${unknown.join(', ')}`)
}
