import { ApiError } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import { applyJsonPatch } from '../../api/patch/json.ts'
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../api/types/admissionregistration-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Catalog } from '../catalog.ts'
import type { Conversion } from '../crd/conversion.ts'
import type { Authorization } from '../stages/authorize.ts'
import { newUid } from '../verbs/meta.ts'
import { type WebhookClient, WebhookError } from '../webhook/client.ts'
import { type AdmissionPlugin, type AdmissionRequest, annotate } from './admission.ts'
import type { WebhookMetrics, WebhookType } from './admission-metrics.ts'
import { replaceContent, requestAs } from './equivalent.ts'
import type { Lister } from './lister.ts'
import { matchesConditions } from './match-conditions.ts'
import { matchingKind } from './webhook-match.ts'

export interface WebhookAdmissionSurroundings {
  lister: Lister
  catalog: Catalog
  conversion: Conversion
  client: WebhookClient
  random: Random
  clock: Clock
  authorization: Authorization
  metrics: WebhookMetrics
}

const GROUP = 'admissionregistration.k8s.io'
const DEFAULT_TIMEOUT_SECONDS = 10

type Webhook = MutatingWebhook | ValidatingWebhook

interface ReviewResponse {
  uid?: string
  allowed?: boolean
  status?: { message?: string; reason?: string; code?: number }
  patch?: string
  patchType?: string
  warnings?: string[]
  auditAnnotations?: Record<string, string>
}

/** Asks the webhooks that may change an object, one after the other; some again when a later one changed something. */
export function mutatingWebhooks(around: WebhookAdmissionSurroundings): AdmissionPlugin {
  return {
    name: 'MutatingAdmissionWebhook',
    async mutate(request) {
      const configurations = around.lister.list<MutatingWebhookConfiguration>(`mutatingwebhookconfigurations.${GROUP}`)
      const webhooks = chosen(
        around,
        request,
        configurations.flatMap(one => one.webhooks ?? []),
      )
      let lastChange = -1
      for (const [index, one] of webhooks.entries()) {
        if (await mutateOnce(around, one, request)) lastChange = index
      }
      for (const [index, one] of webhooks.entries()) {
        if (index < lastChange && one.webhook.reinvocationPolicy === 'IfNeeded') await mutateOnce(around, one, request)
      }
    },
  }
}

/** Asks the webhooks that may only refuse, all at once. */
export function validatingWebhooks(around: WebhookAdmissionSurroundings): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionWebhook',
    async validate(request) {
      const configurations = around.lister.list<ValidatingWebhookConfiguration>(
        `validatingwebhookconfigurations.${GROUP}`,
      )
      const webhooks = chosen(
        around,
        request,
        configurations.flatMap(one => one.webhooks ?? []),
      )
      const reviewOne = async (one: (typeof webhooks)[number]) =>
        review(around, 'validating', one, request, await requestAs(around.conversion, request, one.as))
      await elsewhere(around, request, () => Promise.all(webhooks.map(reviewOne)))
    },
  }
}

/** A webhook, and the kind as which it wants to see the request. */
interface Chosen<W extends Webhook> {
  webhook: W
  as: Kind
}

/** Their own configurations are never put before webhooks: otherwise a broken one could not be taken away. */
function chosen<W extends Webhook>(
  around: WebhookAdmissionSurroundings,
  request: AdmissionRequest,
  webhooks: readonly W[],
): Chosen<W>[] {
  if (request.kind.group === GROUP && request.kind.kind.endsWith('WebhookConfiguration')) return []
  return webhooks.flatMap(webhook => {
    const as = matchingKind(around, webhook, request)
    return as ? [{ webhook, as }] : []
  })
}

/** Whether the webhook changed the object. */
async function mutateOnce(
  around: WebhookAdmissionSurroundings,
  one: Chosen<MutatingWebhook>,
  request: AdmissionRequest,
): Promise<boolean> {
  const { webhook, as } = one
  const seen = await requestAs(around.conversion, request, as)
  const response = await elsewhere(around, request, () => review(around, 'admit', one, request, seen))
  if (!response?.patch || !request.object || !seen.object) return false
  if (response.patchType !== 'JSONPatch')
    throw internal(webhook, `unsupported patchType ${JSON.stringify(response.patchType)}`)
  const patch: unknown = JSON.parse(Buffer.from(response.patch, 'base64').toString())
  const changed = applyJsonPatch(seen.object, patch)
  if (deepEqual(changed, seen.object)) return false
  as.setDefaults(changed)
  replaceContent(
    request.object,
    as === request.kind ? changed : await around.conversion.convert(as, request.kind, changed),
  )
  request.kind.setDefaults(request.object)
  return true
}

/** What webhooks take is not the server's own time. */
async function elsewhere<T>(
  { clock }: WebhookAdmissionSurroundings,
  request: AdmissionRequest,
  work: () => Promise<T>,
) {
  const since = clock.monotonic()
  try {
    return await work()
  } finally {
    if (request.elsewhere) request.elsewhere.ms += clock.monotonic() - since
  }
}

/** The answer of one webhook; a refusal is thrown, a failure only where its policy says so. */
async function review(
  around: WebhookAdmissionSurroundings,
  type: WebhookType,
  { webhook }: Chosen<Webhook>,
  request: AdmissionRequest,
  seen: AdmissionRequest,
) {
  try {
    if (!(await matchesConditions(webhook.matchConditions ?? [], seen, around.authorization))) return undefined
    checkDryRun(webhook, request)
    return await askTimed(around, type, webhook, request, seen)
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error
    if (webhook.failurePolicy === 'Ignore') {
      around.metrics.failedOpen(webhook.name, type)
      return undefined
    }
    around.metrics.rejected(webhook.name, type, request.operation, 0)
    throw internal(webhook, error.message)
  }
}

function checkDryRun({ name, sideEffects }: Webhook, { dryRun }: AdmissionRequest): void {
  if (!dryRun || ['None', 'NoneOnDryRun'].includes(sideEffects)) return
  throw new ApiError('BadRequest', `admission webhook ${JSON.stringify(name)} does not support dry run`)
}

async function askTimed(
  around: WebhookAdmissionSurroundings,
  type: WebhookType,
  webhook: Webhook,
  request: AdmissionRequest,
  seen: AdmissionRequest,
) {
  const { clock, metrics } = around
  const { name, failurePolicy } = webhook
  const since = clock.monotonic()
  let isRejected = failurePolicy !== 'Ignore'
  try {
    const response = await askOne(around, webhook, request, seen)
    isRejected = false
    return response
  } catch (error) {
    if (error instanceof ApiError) {
      isRejected = true
      metrics.rejected(name, type, request.operation, error.code)
    }
    throw error
  } finally {
    metrics.asked(name, type, request.operation, isRejected, clock.monotonic() - since)
  }
}

async function askOne(
  { client, random }: WebhookAdmissionSurroundings,
  webhook: Webhook,
  request: AdmissionRequest,
  seen: AdmissionRequest,
) {
  const uid = newUid(random)
  const body = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: reviewRequest(uid, request.kind, seen),
  }
  const timeout = (webhook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000
  const answer = (await client.ask(webhook.clientConfig as never, body, timeout)) as { response?: ReviewResponse }
  const { response } = answer
  if (!response || response.uid !== uid) throw new WebhookError('the answer is no response to the review')
  request.warnings.push(...(response.warnings ?? []))
  for (const [key, value] of Object.entries(response.auditAnnotations ?? {})) {
    annotate(request, `${webhook.name}/${key}`, value)
  }
  if (!response.allowed) throw denied(webhook, response)
  return response
}

/** `kind` is what the webhook sees, `requestKind` what the client sent. */
function reviewRequest(uid: string, sent: Kind, seen: AdmissionRequest): object {
  const { kind, subresource, namespace, name, operation, user, object, old, dryRun, options } = seen
  const named = ({ group, version, kind, plural }: Kind) => [
    { group, version, kind },
    { group, version, resource: plural },
  ]
  const [own, resource] = named(kind)
  const [requestKind, requestResource] = named(sent)
  return {
    ...{ uid, kind: own, resource, requestKind, requestResource },
    ...(subresource ? { subResource: subresource, requestSubResource: subresource } : {}),
    ...{ name, ...(namespace ? { namespace } : {}), operation },
    userInfo: { username: user.name, uid: user.uid, groups: user.groups, extra: user.extra },
    object: versioned(object, kind),
    oldObject: versioned(old, kind),
    ...{ dryRun, options },
  }
}

function versioned(object: KubeObject | undefined, kind: AdmissionRequest['kind']): KubeObject | null {
  return object ? { ...object, apiVersion: object.apiVersion ?? apiVersionOf(kind) } : null
}

function denied({ name }: Webhook, { status }: ReviewResponse): ApiError {
  const message = status?.message
    ? `: ${status.message}`
    : status?.reason
      ? `: ${status.reason}`
      : ' without explanation'
  const text = `admission webhook ${JSON.stringify(name)} denied the request${message}`
  return new ApiError(status?.reason || 'Forbidden', text, {}, validCode(status?.code))
}

/** A webhook may choose its code, but not one that says all is well. */
function validCode(code: number | undefined): number {
  return code !== undefined && code >= 400 && code < 600 ? code : 403
}

function internal({ name }: Webhook, why: string): ApiError {
  return new ApiError(
    'InternalError',
    `Internal error occurred: failed calling webhook ${JSON.stringify(name)}: ${why}`,
  )
}
