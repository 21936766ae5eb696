import { ApiError, conflict, notFound } from '../../api/errors.ts'
import { findKind } from '../../api/kinds/registry.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { BoundObjectReference, TokenRequest } from '../../api/types/authentication-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { nodeNameOf } from '../auth/node-authorizer.ts'
import type { BoundClaims } from '../auth/service-accounts.ts'
import type { ResourceCall, Result } from '../call.ts'
import type { Parts } from '../parts.ts'
import { decodeBody } from '../stages/decode.ts'
import { refuseInvalid } from '../stages/validate.ts'
import { newUid, timestamp } from '../verbs/meta.ts'
import { created } from '../verbs/virtual.ts'
import { admitSubresource } from './admit.ts'

const DEFAULT_SECONDS = 3600
const PLURALS: Record<string, 'pods' | 'secrets' | 'nodes'> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }

/** serviceaccounts/token: a token for the account, bound to what the request names. */
export async function serveToken(parts: Parts, call: ResourceCall): Promise<Result> {
  const kind = findKind('authentication.k8s.io', 'v1', 'TokenRequest')!
  const request = decodeBody(call, kind) as TokenRequest
  kind.setDefaults(request)
  refuseInvalid(kind, call.info.name, kind.validate(request))
  const { namespace, name } = call.info
  const account = (await parts.objects.get(call.kind, namespace, name)).object()
  checkIdentity(request, account, call)
  await admitSubresource(parts, call, request)
  const reference = request.spec?.boundObjectRef
  const bound: BoundClaims = {
    namespace,
    serviceaccount: { name, uid: account.metadata?.uid ?? '' },
    ...(reference ? await boundTo(parts, call, reference) : {}),
  }
  const expirationSeconds = request.spec?.expirationSeconds ?? DEFAULT_SECONDS
  const audiences = request.spec?.audiences ?? []
  const token = parts.serviceAccounts.sign({ bound, audiences, expirationSeconds, id: newUid(parts.random) })
  const now = parts.clock.now()
  const expirationTimestamp = timestamp(now + expirationSeconds * 1000)
  const metadata = { name, namespace, creationTimestamp: timestamp(now) }
  return created({ ...request, metadata, status: { token, expirationTimestamp } } as KubeObject)
}

function checkIdentity({ metadata = {} }: TokenRequest, account: KubeObject, { info, kind }: ResourceCall): void {
  if (metadata.uid && metadata.uid !== account.metadata?.uid) {
    throw conflict(
      kind,
      info.name,
      `the UID in the token request (${metadata.uid}) does not match the UID of the service account`,
    )
  }
  if ((metadata.name && metadata.name !== info.name) || (metadata.namespace && metadata.namespace !== info.namespace)) {
    throw new ApiError('BadRequest', 'the token request is for another service account than its path')
  }
}

/** The object that the token ends with; for a pod, also the node that it runs on. */
async function boundTo(
  parts: Parts,
  call: ResourceCall,
  reference: BoundObjectReference,
): Promise<Partial<BoundClaims>> {
  const { kind: kindName = '', name = '', uid } = reference
  const plural = PLURALS[kindName]
  if (!plural) throw new ApiError('BadRequest', `cannot bind token for serviceaccount to object of type ${kindName}`)
  const kind = parts.catalog.find('', 'v1', plural)!
  const entry = await parts.objects.find(kind, plural === 'nodes' ? '' : call.info.namespace, name)
  if (!entry) throw notFound(kind, name)
  const object = entry.object<Pod>()
  const found = { name, uid: object.metadata?.uid ?? '' }
  if (uid && uid !== found.uid) {
    throw conflict(
      kind,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  if (plural === 'secrets') return { secret: found }
  if (plural === 'nodes') return { node: found }
  checkPod(object, call)
  const node = object.spec?.nodeName ? await nodeReference(parts, object.spec.nodeName) : undefined
  return { pod: found, ...(node ? { node } : {}) }
}

function checkPod(pod: Pod, { info, user }: ResourceCall): void {
  const name = pod.metadata?.name ?? ''
  if (pod.spec?.serviceAccountName !== info.name) {
    throw new ApiError(
      'BadRequest',
      `cannot bind token for serviceaccount "${info.name}" to pod running with different serviceaccount name`,
    )
  }
  const node = nodeNameOf(user)
  if (node && pod.spec.nodeName !== node) {
    throw new ApiError('Forbidden', `node requested token bound to a pod scheduled on a different node`, {
      name,
      kind: 'pods',
    })
  }
}

async function nodeReference(parts: Parts, name: string) {
  const nodes = parts.catalog.find('', 'v1', 'nodes')!
  const entry = await parts.objects.find(nodes, '', name)
  return entry && { name, uid: entry.shared().metadata?.uid ?? '' }
}
