import { compareQuantity } from '../../api/quantity.ts'
import type { PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { Ingress, IngressClass } from '../../api/types/networking-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import type { AdmissionPlugin } from './admission.ts'
import type { Lister } from './lister.ts'
import { isAbout, refuse } from './refuse.ts'

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'
const BETA_DEFAULT_CLASS = 'storageclass.beta.kubernetes.io/is-default-class'
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'
const DEFAULT_INGRESS_CLASS = 'ingressclass.kubernetes.io/is-default-class'

/** Claims that name no class get the default one; of several defaults the newest. */
export function defaultStorageClass(lister: Lister): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    mutate(request) {
      if (!isAbout(request, 'persistentvolumeclaims') || request.operation !== 'CREATE') return
      const claim = request.object as PersistentVolumeClaim
      if (!claim.spec || claim.spec.storageClassName !== undefined || claim.metadata?.annotations?.[BETA_CLASS]) return
      const defaults = lister.list<StorageClass>('storageclasses.storage.k8s.io').filter(isDefault).sort(newestFirst)
      if (defaults[0]) claim.spec.storageClassName = defaults[0].metadata?.name
    },
  }
}

function isDefault({ metadata }: Readonly<StorageClass>): boolean {
  const annotations = metadata?.annotations ?? {}
  return annotations[DEFAULT_CLASS] === 'true' || annotations[BETA_DEFAULT_CLASS] === 'true'
}

function newestFirst(a: Readonly<StorageClass>, b: Readonly<StorageClass>): number {
  const [left, right] = [a, b].map(({ metadata }) => metadata?.creationTimestamp ?? '')
  return left! > right! ? -1 : left! < right! ? 1 : (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
}

const PROTECTION: Record<string, string> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
}

/** Claims and volumes stay while somebody uses them: a finalizer holds them until the controller lets go. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ kind, operation, subresource, object }) {
    const finalizer = kind.group === '' ? PROTECTION[kind.plural] : undefined
    if (!finalizer || operation !== 'CREATE' || subresource !== '' || !object) return
    const finalizers = object.metadata?.finalizers ?? []
    if (!finalizers.includes(finalizer))
      object.metadata = { ...object.metadata, finalizers: [...finalizers, finalizer] }
  },
}

/** A claim grows only where its class says that volumes can. */
export function persistentVolumeClaimResize(lister: Lister): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    validate(request) {
      if (!isAbout(request, 'persistentvolumeclaims') || request.operation !== 'UPDATE') return
      const [now, before] = [request.object as PersistentVolumeClaim, request.old as PersistentVolumeClaim]
      const wanted = now.spec?.resources?.requests?.storage
      const had = before.spec?.resources?.requests?.storage
      if (wanted === undefined || had === undefined || compareQuantity(wanted, had) <= 0) return
      if (before.status?.phase !== 'Bound') throw refuse(request, 'Only bound persistent volume claims can be expanded')
      const className = now.spec?.storageClassName ?? ''
      const found = lister.get<StorageClass>('storageclasses.storage.k8s.io', '', className)
      if (found?.allowVolumeExpansion) return
      throw refuse(
        request,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
    },
  }
}

export function defaultIngressClass(lister: Lister): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    mutate(request) {
      if (!isAbout(request, 'ingresses.networking.k8s.io') || request.operation !== 'CREATE') return
      const ingress = request.object as Ingress
      if (!ingress.spec || ingress.spec.ingressClassName) return
      if (ingress.metadata?.annotations?.['kubernetes.io/ingress.class'] !== undefined) return
      const classes = lister.list<IngressClass>('ingressclasses.networking.k8s.io')
      const [first, second] = classes.filter(
        ({ metadata }) => metadata?.annotations?.[DEFAULT_INGRESS_CLASS] === 'true',
      )
      if (second) throw refuse(request, 'multiple default IngressClasses were found')
      if (first) ingress.spec.ingressClassName = first.metadata?.name
    },
  }
}
