import { isReason } from '../../api/errors.ts'
import type { KubeObject, ResourceRef } from '../../api/objects.ts'
import type { Client } from '../../client/client.ts'
import { unlessMissing } from '../../client/outcomes.ts'
import * as refs from '../../client/resources.ts'
import {
  bootstrapTokenSecret,
  formatBootstrapToken,
  generateBootstrapToken,
  parseBootstrapToken,
} from '../../pki/bootstrap-token.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { UserError } from '../output.ts'
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  clusterInfo,
  dnsService,
  JOINING_NODES,
  ROLE_BINDINGS,
  ROLES,
} from './objects.ts'

export interface ClusterFacts {
  server: string
  authorityPem: string
  /** Where pods ask for names. */
  dnsAddress: string
}

/** Everything a new cluster needs so that machines can join it. Fine to repeat. */
export async function setUpCluster(client: Client, facts: ClusterFacts): Promise<void> {
  const put = (ref: ResourceRef, object: KubeObject) => createOrReplace(client, ref, object)
  for (const role of CLUSTER_ROLES) await put(refs.CLUSTER_ROLES, role)
  for (const binding of CLUSTER_ROLE_BINDINGS) await put(refs.CLUSTER_ROLE_BINDINGS, binding)
  await put(refs.CONFIG_MAPS, clusterInfo(facts.server, facts.authorityPem))
  for (const role of ROLES) await put(refs.ROLES, role)
  for (const binding of ROLE_BINDINGS) await put(refs.ROLE_BINDINGS, binding)
  await put(refs.SERVICES, dnsService(facts.dnsAddress))
}

/** Looks first: a Service that exists is refused for its address, which is its own, and not for its name. */
async function createOrReplace(client: Client, ref: ResourceRef, wanted: KubeObject): Promise<void> {
  const resource = client.resource(ref)
  const { name = '', namespace } = wanted.metadata ?? {}
  const found = await unlessMissing(resource.get(name, namespace))
  if (!found) await resource.create(wanted)
  else {
    const { resourceVersion } = found.metadata
    await resource.update({ ...wanted, metadata: { ...wanted.metadata, resourceVersion } })
  }
}

export interface TokenRequest {
  /** Taken as it is; otherwise a new one. */
  token?: string
  /** 0: never expires. */
  ttlMs: number
  description?: string
}

/** Makes a token valid for joining and returns it. */
export async function createJoinToken(
  client: Client,
  request: TokenRequest,
  clock: Clock,
  random: Random,
): Promise<string> {
  const token = request.token === undefined ? generateBootstrapToken(random) : parseBootstrapToken(request.token)
  if (!token)
    throw new UserError(`${JSON.stringify(request.token)} does not have the form of a token, abcdef.0123456789abcdef`)
  const secret = bootstrapTokenSecret(token, {
    description: request.description,
    expiration:
      request.ttlMs > 0 ? new Date(clock.now() + request.ttlMs).toISOString().replace(/\.\d+/, '') : undefined,
    groups: [JOINING_NODES],
  })
  try {
    await client.resource(refs.SECRETS).create(secret)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
    throw new UserError(
      `a token with the id ${token.id} exists already`,
      `remove it with 'kubox token delete ${token.id}'`,
    )
  }
  return formatBootstrapToken(token)
}

export interface JoinCommand {
  /** ADDRESS:PORT */
  endpoint: string
  token: string
  authorityHash: string
}

export function joinCommand({ endpoint, token, authorityHash }: JoinCommand): string {
  return `kubox join ${endpoint} --token ${token} \\\n\t--discovery-token-ca-cert-hash ${authorityHash}`
}
