import type { TokenRequest } from '../../api/types/authentication-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Eviction } from '../../api/types/policy-v1.ts'
import { deepEqual } from '../../api/values.ts'
import { nodeNameOf } from '../auth/node-authorizer.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'
import { refuse } from './refuse.ts'

const MIRROR = 'kubernetes.io/config.mirror'

/** Labels below kubernetes.io and k8s.io that an agent may put on its own node. */
const OWN_LABELS = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
])
const OWN_PREFIXES = ['kubelet.kubernetes.io', 'node.kubernetes.io']

/** What an agent writes must be about itself: its node, its lease, the pods that run on it. */
export function nodeRestriction(lister: Lister): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    async validate(request) {
      const node = nodeNameOf(request.user)
      if (!node) return
      const { kind, subresource } = request
      if (kind.group === '' && kind.plural === 'pods') return checkPod(lister, request, node)
      if (kind.group === '' && kind.plural === 'nodes') return checkNode(request, node)
      if (kind.plural === 'serviceaccounts' && subresource === 'token') return checkToken(lister, request, node)
      if (kind.group === 'coordination.k8s.io' && kind.plural === 'leases') return checkSameName(request, node, 'lease')
      if (kind.group === 'storage.k8s.io' && kind.plural === 'csinodes') return checkSameName(request, node, 'CSINode')
    },
  }
}

async function checkPod(lister: Lister, request: AdmissionRequest, node: string): Promise<void> {
  const { operation, subresource, object, old } = request
  if (subresource === 'status') return checkPodStatus(request, node)
  if (subresource === 'eviction') return checkEviction(lister, request, node)
  if (subresource !== '') throw refuse(request, `unexpected pod subresource "${subresource}"`)
  if (operation === 'CREATE') return checkMirror(request, object as Pod, node)
  if (operation === 'DELETE') {
    if ((old as Pod).spec?.nodeName === node) return
    throw refuse(request, `node "${node}" can only delete pods with spec.nodeName set to itself`)
  }
  throw refuse(request, `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`)
}

function checkPodStatus(request: AdmissionRequest, node: string): void {
  const { object, old } = request
  if ((old as Pod | undefined)?.spec?.nodeName !== node) {
    throw refuse(request, `node "${node}" can only update pod status for pods with spec.nodeName set to itself`)
  }
  if (!deepEqual(object?.metadata?.labels ?? {}, old?.metadata?.labels ?? {})) {
    throw refuse(request, `node "${node}" cannot update labels through pod status`)
  }
}

function checkEviction(lister: Lister, request: AdmissionRequest, node: string): void {
  const eviction = request.object as Eviction | undefined
  const name = eviction?.metadata?.name || request.name
  if (lister.get<Pod>('pods', request.namespace, name)?.spec?.nodeName === node) return
  throw refuse(request, `node ${node} can only evict pods with spec.nodeName set to itself`)
}

function checkMirror(request: AdmissionRequest, pod: Pod, node: string): void {
  if (pod.metadata?.annotations?.[MIRROR] === undefined) {
    throw refuse(request, `pod does not have "${MIRROR}" annotation, node "${node}" can only create mirror pods`)
  }
  if (pod.spec?.nodeName !== node)
    throw refuse(request, `node "${node}" can only create pods with spec.nodeName set to itself`)
  const owners = pod.metadata.ownerReferences ?? []
  const [owner] = owners
  if (owners.length > 1 || (owner && (owner.kind !== 'Node' || owner.name !== node))) {
    throw refuse(request, `node "${node}" can only create pods with an owner reference set to itself`)
  }
}

function checkNode(request: AdmissionRequest, node: string): void {
  const { operation, name, object, old } = request
  if (name !== node) throw refuse(request, `node "${node}" is not allowed to modify node "${name}"`)
  if (operation === 'CREATE') checkLabels(request, Object.keys(object?.metadata?.labels ?? {}), node)
  if (operation !== 'UPDATE') return
  const [now, before] = [object as Node, old as Node]
  if (now.spec?.configSource && !deepEqual(now.spec.configSource, before.spec?.configSource)) {
    throw refuse(request, `node "${node}" is not allowed to update configSource to a new non-nil configSource`)
  }
  if (!deepEqual(now.spec?.taints ?? [], before.spec?.taints ?? [])) {
    throw refuse(request, `node "${node}" is not allowed to modify taints`)
  }
  checkLabels(request, changedLabels(now, before), node)
}

function changedLabels(now: Node, before: Node): string[] {
  const [after, old] = [now.metadata?.labels ?? {}, before.metadata?.labels ?? {}]
  return [...new Set([...Object.keys(after), ...Object.keys(old)])].filter(key => after[key] !== old[key])
}

function checkLabels(request: AdmissionRequest, keys: string[], node: string): void {
  const forbidden = keys.filter(isForbiddenLabel)
  if (forbidden.length > 0)
    throw refuse(request, `is not allowed to modify labels: ${forbidden.sort().join(', ')} on node "${node}"`)
}

function isForbiddenLabel(key: string): boolean {
  const prefix = key.includes('/') ? key.slice(0, key.indexOf('/')) : ''
  const below = (domain: string) => prefix === domain || prefix.endsWith(`.${domain}`)
  if (below('node-restriction.kubernetes.io')) return true
  if (!below('kubernetes.io') && !below('k8s.io')) return false
  return !OWN_LABELS.has(key) && !OWN_PREFIXES.some(below)
}

function checkToken(lister: Lister, request: AdmissionRequest, node: string): void {
  const reference = (request.object as TokenRequest | undefined)?.spec?.boundObjectRef
  if (reference?.kind !== 'Pod' || !reference.name) throw refuse(request, 'node requested token not bound to a pod')
  if (!reference.uid) throw refuse(request, 'node requested token with a pod binding without a uid')
  const pod = lister.get<Pod>('pods', request.namespace, reference.name)
  if (!pod || pod.metadata?.uid !== reference.uid)
    throw refuse(request, 'the UID in the bound object reference does not match the pod')
  if (pod.spec?.nodeName !== node)
    throw refuse(request, 'node requested token bound to a pod scheduled on a different node')
}

function checkSameName(request: AdmissionRequest, node: string, what: string): void {
  if (what === 'lease' && request.namespace !== 'kube-node-lease') {
    throw refuse(request, 'can only access leases in the "kube-node-lease" system namespace')
  }
  if (request.name !== node) throw refuse(request, `can only access ${what} with the same name as the requesting node`)
}
