import type { ResourceRef } from '../../api/objects.ts'
import type { SubjectAccessReview } from '../../api/types/authorization-v1.ts'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import type { Node } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { CERTIFICATE_SIGNING_REQUESTS, NODES } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { parseSigningRequest, type SigningRequest } from '../../pki/csr.ts'
import { type Context, type Controller, createChore, createLoop, deleteExactly, together } from '../context.ts'
import { conditionOf, decideApproval, isOutdated, KUBELET_SERVING_SIGNER, problemOf, SIGNERS } from './decide.ts'
import type { CertificateSigner } from './signer.ts'

const ACCESS_REVIEWS: ResourceRef = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
}

type Request = Live<CertificateSigningRequest>

/** Approves what nodes may have by themselves, signs what is approved, forgets what is old. */
export function certificateController(context: Context): Controller {
  const { loop, cleaner } = new CertificateController(context)
  return together(loop, cleaner)
}

class CertificateController {
  readonly #requests
  readonly #known
  readonly #nodes
  readonly loop
  readonly cleaner
  readonly #client
  readonly #clock
  readonly #options

  constructor(context: Context) {
    const { client, clock, informers, options } = context
    this.#client = client
    this.#clock = clock
    this.#options = options
    this.#requests = client.resource<CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS)
    this.#known = informers.of<CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS)
    this.#nodes = informers.of<Node>(NODES)
    this.loop = createLoop(context, 'certificate-controller', key => this.#step(key))
    this.loop.watch(this.#known)
    // A serving certificate may have waited for the node to announce its address.
    this.loop.watchRelated(this.#nodes, () =>
      this.#known
        .list()
        .flatMap(request => (request.spec.signerName === KUBELET_SERVING_SIGNER ? [request.metadata.name] : [])),
    )
    this.cleaner = createChore(context, 'csr-cleaner', 600_000, async () => {
      for (const request of this.#known.list())
        if (isOutdated(request, clock.now())) await deleteExactly(this.#requests, request)
    })
  }

  async #step(name: string): Promise<void> {
    const request = this.#known.get(name)
    if (!request || request.status?.certificate || conditionOf(request, 'Denied') || conditionOf(request, 'Failed'))
      return
    const csr = readRequest(request)
    if (typeof csr === 'string') return this.#fail(request, csr)
    if (!conditionOf(request, 'Approved')) return this.#approve(request, csr)
    if (this.#options.signer && SIGNERS.includes(request.spec.signerName))
      await this.#sign(request, csr, this.#options.signer)
  }

  async #approve(request: Request, csr: SigningRequest): Promise<void> {
    const node = this.#nodes.get(csr.subject.commonName.replace(/^system:node:/, ''))
    const addresses = node?.status?.addresses?.map(({ address }) => address)
    const decision = decideApproval(request, csr, addresses)
    if (decision.approval === 'leave') return
    if (decision.approval === 'ask' && !(await this.#isAllowed(request, decision.permission))) return
    await this.#addCondition(request, 'approval', {
      type: 'Approved',
      reason: 'AutoApproved',
      message: decision.message,
    })
  }

  async #isAllowed({ spec }: Request, subresource: string): Promise<boolean> {
    const resourceAttributes = {
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      verb: 'create',
      subresource,
      version: '*',
    }
    const { username: user, uid, groups, extra } = spec
    const review = { metadata: {}, spec: { user, uid, groups, extra, resourceAttributes } }
    const answer = await this.#client.resource<SubjectAccessReview>(ACCESS_REVIEWS).create(review)
    return answer.status?.allowed ?? false
  }

  async #sign(request: Request, csr: SigningRequest, signer: CertificateSigner): Promise<void> {
    const problem = problemOf(request, csr)
    if (problem) return this.#fail(request, problem)
    const { signerName, usages = [], expirationSeconds } = request.spec
    const pem = await signer.sign(pemOf(request), { signerName, usages, expirationSeconds })
    const certificate = Buffer.from(pem).toString('base64')
    await this.#requests.update({ ...request, status: { ...request.status, certificate } }, 'status')
  }

  #fail(request: Request, message: string): Promise<void> {
    return this.#addCondition(request, 'status', { type: 'Failed', reason: 'SigningFailed', message })
  }

  async #addCondition(
    request: Request,
    subresource: string,
    condition: { type: string; reason: string; message: string },
  ): Promise<void> {
    const time = timestamp(this.#clock.now())
    const full = { ...condition, status: 'True', lastUpdateTime: time, lastTransitionTime: time }
    const conditions = [...(request.status?.conditions ?? []), full]
    await this.#requests.update({ ...request, status: { ...request.status, conditions } }, subresource)
  }
}

function pemOf(request: Request): string {
  return Buffer.from(request.spec.request, 'base64').toString()
}

/** The parsed request, or why it is none. */
function readRequest(request: Request): SigningRequest | string {
  try {
    return parseSigningRequest(pemOf(request))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
