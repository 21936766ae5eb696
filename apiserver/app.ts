/**
 * apiserver/ is the one door: it authenticates, authorizes, decodes, mutates, validates, stores, answers and watches.
 * Start here (how one request passes the stages), then registry.ts (the verbs over any kind), stages/ (one file a stage)
 * and storage/cache.ts (the picture that reads and watches are served from). docs/request.md draws the way.
 * It imports api, platform, pki, and etcd only in storage/.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ApiError } from '../api/errors.ts'
import type { ApiHandler, ApiRequest, ApiResponse } from '../api/exchange.ts'
import { assemble } from './assemble.ts'
import type { AuditTrail } from './audit/audit-log.ts'
import { attributesOf, forbidden } from './auth/attributes.ts'
import type { Call } from './call.ts'
import type { ApiServerOptions } from './options.ts'
import { serveResource } from './registry.ts'
import { parseRequest } from './request.ts'
import { answer, checkAcceptable, refusal, statusResponse } from './stages/answer.ts'
import { impersonate } from './stages/impersonate.ts'
import { refuseUpgrade } from './stream/splice.ts'
import { nothingHere } from './subresources/missing.ts'
import { serveUpgrade } from './subresources/streams.ts'

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

export interface ApiServer {
  /** One request to its answer; never rejects. No socket is needed. */
  handle: ApiHandler
  /** exec, attach, port-forward and the proxies: takes over the connection of a request that asks for another protocol. */
  upgrade(request: ApiRequest, incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  /** Resolves when the server can answer. */
  start(): Promise<void>
  close(): Promise<void>
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const assembled = assemble(options)
  const { parts, authentication, authorization, routes, traffic, aggregator } = assembled

  const refuse = (error: unknown, request: ApiRequest, onUnforeseen?: () => void): ApiError =>
    refusal(error, unforeseen => {
      onUnforeseen?.()
      options.log.error('A request failed in a way nobody foresaw', { path: request.path, error: unforeseen })
    })

  /** Writes down who wanted what in vain; of what he sent only the path. */
  function noteRefusal({ code }: ApiError, { path, remoteAddress: from }: ApiRequest, call: Call | undefined): void {
    // Who was not recognised is told where that comes out.
    const isTold = call ? code !== 403 : code === 401
    if (!isTold) options.log.info('A caller was refused', { user: call?.user.name, verb: call?.info.verb, path, from })
  }

  /** Throws Forbidden. */
  async function mayPass({ user, info, annotations }: Call): Promise<void> {
    const attributes = attributesOf(user, info)
    const decision = await authorization.decide(attributes)
    traffic.decided(decision.verdict)
    const isAllowed = decision.verdict === 'allow'
    if (annotations) {
      annotations['authorization.k8s.io/decision'] = isAllowed ? 'allow' : 'forbid'
      annotations['authorization.k8s.io/reason'] = decision.reason
    }
    if (!isAllowed) throw forbidden(attributes, decision.reason)
  }

  async function recognise(request: ApiRequest): Promise<Call> {
    const info = parseRequest(request)
    try {
      const caller = await authentication.identify(request)
      traffic.recognised()
      return { request, info, caller, user: caller, warnings: [], elsewhere: { ms: 0 } }
    } catch (error) {
      await traffic.unrecognised(request, info, error)
      throw error
    }
  }

  async function serve(call: Call): Promise<ApiResponse> {
    await mayPass(call)
    const extension = aggregator.find(call.request.path)
    if (extension) return extension(call)
    if (WRITES.has(call.info.verb) && call.info.isResource && call.info.subresource !== 'proxy')
      checkAcceptable(parts, call)
    if (call.info.isResource) return answer(parts, call, await serveResource(parts, call))
    const response = await routes.answer(call)
    if (!response) throw nothingHere()
    return response
  }

  async function handle(request: ApiRequest): Promise<ApiResponse> {
    const since = traffic.now()
    let call: Call | undefined
    let trail: AuditTrail | undefined
    let foreseen = true
    let response: ApiResponse
    try {
      const recognised = await recognise(request)
      call = recognised
      const telling = traffic.begin(recognised)
      trail = telling instanceof Promise ? await telling : telling
      recognised.user = await impersonate(request, recognised.caller, authorization)
      response = await traffic.serve(recognised, () => serve(recognised))
    } catch (error) {
      const refused = refuse(error, request, () => {
        foreseen = false
      })
      noteRefusal(refused, request, call)
      response = statusResponse(refused)
    }
    response = traffic.done(call, response, since)
    return trail ? trail.answered(response, foreseen) : response
  }

  return {
    handle,
    async upgrade(request, incoming, socket, head) {
      let call: Call | undefined
      let trail: AuditTrail | undefined
      try {
        call = await recognise(request)
        trail = await traffic.begin(call)
        call.user = await impersonate(request, call.caller, authorization)
        await mayPass(call)
        const onJoined = () => void trail?.started(101)
        const status = await serveUpgrade(parts, call, { request: incoming, socket, head, onJoined })
        traffic.upgraded(call, status)
        await trail?.complete(status)
      } catch (error) {
        const refused = refuse(error, request)
        noteRefusal(refused, request, call)
        traffic.upgraded(call, refused.code)
        await trail?.complete(refused.code)
        refuseUpgrade(socket, refused)
      }
    },
    start: () => assembled.start(),
    close: () => assembled.close(),
  }
}
