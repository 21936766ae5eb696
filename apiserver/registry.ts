import { ApiError, badRequest, notFound } from '../api/errors.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/objects.ts'
import type { Call, ResourceCall, Result } from './call.ts'
import { subresourceOf } from './catalog.ts'
import { served } from './encoding/encoder.ts'
import type { Handler, Parts } from './parts.ts'
import { parseSelection } from './selection.ts'
import { decodeBody, decodeOptions } from './stages/decode.ts'
import { earlierContainers } from './subresources/ephemeral-containers.ts'
import { nothingHere } from './subresources/missing.ts'
import { serveScale } from './subresources/scale.ts'
import { createObject } from './verbs/create.ts'
import { answersWithObject, deletedStatus, deleteObject } from './verbs/delete.ts'
import { parseDeleteOptions } from './verbs/delete-options.ts'
import { listEntries } from './verbs/list.ts'
import { parseListOptions } from './verbs/list-options.ts'
import { fitEdited, patchObject } from './verbs/patch.ts'
import { updateObject } from './verbs/update.ts'
import { handlerKey } from './verbs/virtual.ts'
import { watchEntries } from './verbs/watch.ts'
import { writeOf } from './verbs/write.ts'

/** The verbs, over any kind of the catalog. Who may call was settled before; how it is told comes after. */
export async function serveResource(parts: Parts, call: Call): Promise<Result> {
  const kind = kindOf(parts, call)
  const { info } = call
  const resourceCall = { ...call, kind }
  if (kind.deprecation) call.warnings.push(kind.deprecation)
  const handler =
    parts.handlers.get(handlerKey(info.group, info.plural, info.subresource)) ?? customHandler(resourceCall)
  if (handler) return handler(parts, resourceCall)
  checkServed(kind, call)
  const result = await VERBS[info.verb]!(parts, resourceCall)
  if (result.type === 'stored') await parts.conversion.prepare(kind, [result.entry])
  if (result.type === 'list') await parts.conversion.prepare(kind, result.list.entries)
  return result
}

/** Kinds made while the server runs share the one subresource that is no plain verb. */
function customHandler({ kind, info }: ResourceCall): Handler | undefined {
  return info.subresource === 'scale' && kind.scale ? serveScale : undefined
}

/** The kind behind a path, or the answer that there is none. */
function kindOf(parts: Parts, { info }: Call): Kind {
  const kind = parts.catalog.find(info.group, info.version, info.plural)
  const ownNamespace = info.group === '' && info.plural === 'namespaces'
  if (!kind || (!kind.namespaced && info.namespace !== '' && !ownNamespace)) throw nothingHere()
  if (
    kind.namespaced &&
    info.namespace === '' &&
    (info.name !== '' || info.verb === 'create') &&
    !isListing(info.verb)
  ) {
    throw nothingHere()
  }
  return kind
}

function isListing(verb: string): boolean {
  return verb === 'list' || verb === 'watch' || verb === 'deletecollection'
}

function checkServed(kind: Kind, { info }: Call): void {
  const subresource = info.subresource === '' ? undefined : subresourceOf(kind, info.subresource)
  if (info.subresource !== '' && !subresource) throw nothingHere()
  const verbs = subresource ? subresource.verbs : kind.verbs
  // Objects are made in their collection, not at the place where they will stand.
  const misplaced = info.verb === 'create' && !subresource && info.name !== ''
  if (!misplaced && verbs.includes(info.verb) && VERBS[info.verb]) return
  throw new ApiError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

type Verb = (parts: Parts, call: ResourceCall) => Promise<Result>

const VERBS: Record<string, Verb> = { get, list, watch, create, update, patch, delete: remove, deletecollection }

async function get(parts: Parts, { kind, info, request }: ResourceCall): Promise<Result> {
  const anyVersion = request.query.get('resourceVersion') === '0'
  const entry = anyVersion
    ? parts.objects.peek(kind, info.namespace, info.name)
    : await parts.objects.find(kind, info.namespace, info.name)
  if (!entry) throw notFound(kind, info.name)
  return { type: 'stored', kind, entry }
}

async function list(parts: Parts, call: ResourceCall): Promise<Result> {
  const options = parseListOptions(call.request.query, false)
  return { type: 'list', list: await listEntries(parts, parseSelection(call), options) }
}

async function watch(parts: Parts, call: ResourceCall): Promise<Result> {
  const options = parseListOptions(call.request.query, true)
  const events = watchEntries(parts, call, parseSelection(call), options)
  return { type: 'watch', kind: call.kind, events }
}

async function create(parts: Parts, call: ResourceCall): Promise<Result> {
  const write = writeOf(call, call.kind)
  const entry = await createObject(parts, write, decodeBody(call))
  return { type: 'stored', kind: call.kind, entry, status: 201 }
}

async function update(parts: Parts, call: ResourceCall): Promise<Result> {
  const { kind } = call
  const write = writeOf(call, kind, 'UpdateOptions')
  const earlier = earlierContainers(call)
  if (earlier) {
    const { entry } = await updateObject(parts, write, current => fitEdited(call, kind, earlier(current)))
    return { type: 'stored', kind, entry }
  }
  const body = decodeBody(call)
  const createFrom = kind.strategy.allowCreateOnUpdate && !call.info.subresource ? () => body : undefined
  const edit = () => structuredClone(body)
  const { entry, created } = await updateObject(parts, write, edit, { replaces: true, createFrom })
  return { type: 'stored', kind, entry, status: created ? 201 : 200 }
}

async function patch(parts: Parts, call: ResourceCall): Promise<Result> {
  const { entry, created } = await patchObject(parts, call)
  return { type: 'stored', kind: call.kind, entry, status: created ? 201 : 200 }
}

async function remove(parts: Parts, call: ResourceCall): Promise<Result> {
  const { kind } = call
  const write = writeOf(call, kind, 'DeleteOptions')
  const options = parseDeleteOptions(call.request.query, decodeOptions(call))
  const { entry, gone } = await deleteObject(parts, { ...write, dryRun: options.dryRun }, options)
  if (!gone || answersWithObject(kind)) return { type: 'stored', kind, entry }
  await parts.conversion.prepare(kind, [entry])
  return { type: 'object', object: deletedStatus(kind, served(kind, entry)) as KubeObject }
}

/** Deletes what a list finds, and answers with that list. What somebody else deletes meanwhile is none of our business. */
async function deletecollection(parts: Parts, call: ResourceCall): Promise<Result> {
  const { kind } = call
  if (kind.namespaced && call.info.namespace === '') throw badRequest('deletecollection needs a namespace')
  const options = parseDeleteOptions(call.request.query, decodeOptions(call))
  const found = await listEntries(parts, parseSelection(call), parseListOptions(call.request.query, false))
  const write = { ...writeOf(call, kind, 'DeleteOptions'), dryRun: options.dryRun }
  for (const entry of found.entries) {
    const { name = '', namespace = '' } = entry.object().metadata ?? {}
    try {
      await deleteObject(parts, { ...write, name, namespace }, options)
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error
    }
  }
  return { type: 'list', list: found }
}
