import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ApiError, badRequest } from '../../api/errors.ts'
import { errorCode } from '../../platform/disk.ts'
import { logContainerId } from './containers.ts'
import { dockerLogFolder } from './logs/files.ts'
import { parseLogOptions } from './logs/options.ts'
import { readLog } from './logs/read.ts'
import { watchFolderOf } from './logs/watch.ts'
import type { Admitted, KubeletServerOptions } from './options.ts'
import type { ContainerRoute } from './routes.ts'

/** Everything that is asked and answered, streams apart. */
export async function answerPlain(
  { route, query }: Admitted,
  request: IncomingMessage,
  response: ServerResponse,
  options: KubeletServerOptions,
): Promise<void> {
  if (route.kind === 'exec' || route.kind === 'attach' || route.kind === 'portForward') {
    throw badRequest('Upgrade request required')
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new ApiError('MethodNotAllowed', 'Method Not Allowed')
  }
  const { backend } = options
  if (route.kind === 'containerLogs') return await answerLogs(route, query, response, options)
  if (route.kind === 'healthz') return send(response, 'text/plain; charset=utf-8', 'ok')
  if (route.kind === 'pods') {
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: await backend.pods() }
    return send(response, 'application/json', JSON.stringify(list))
  }
  throw new ApiError('NotFound', '404 page not found')
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'Content-Type': type }).end(body)
}

async function answerLogs(
  route: ContainerRoute,
  query: URLSearchParams,
  response: ServerResponse,
  { backend, clock, log }: KubeletServerOptions,
): Promise<void> {
  const options = parseLogOptions(query, clock.now())
  const pod = await backend.pod(route.namespace, route.pod)
  if (!pod) throw new ApiError('NotFound', `pod "${route.pod}" does not exist`)
  const id = logContainerId(pod, route.container, options.previous)
  const source = await backend.logs(id)
  if (!source) throw badRequest(`unable to retrieve container logs for docker://${id}`)
  const ended = new AbortController()
  response.once('close', () => ended.abort())
  const watch = options.follow ? watchFolderOf(source.path, clock, ended.signal, log) : undefined
  const lines = readLog(options, {
    folder: dockerLogFolder(source.path),
    running: async () => (await backend.logs(id))?.running ?? false,
    changed: async () => await watch?.changed(),
    signal: ended.signal,
  })
  response.writeHead(200, { 'Content-Type': 'text/plain' })
  response.flushHeaders()
  try {
    await pipeline(Readable.from(lines, { objectMode: false, highWaterMark: 64 * 1024 }), response)
  } catch (error) {
    // The client has had enough: the usual end of following a log.
    if (errorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE' && !ended.signal.aborted) throw error
  } finally {
    watch?.close()
  }
}
