import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ApiError, badRequest } from '../../api/errors.ts'
import { errorCode } from '../../platform/disk.ts'
import { logContainerId } from './containers.ts'
import { EXPOSITION_TYPE, renderMetrics } from './exposition.ts'
import { dockerLogFolder } from './logs/files.ts'
import { parseLogOptions } from './logs/options.ts'
import { readLog } from './logs/read.ts'
import { watchFolderOf } from './logs/watch.ts'
import type { Admitted, KubeletServerOptions } from './options.ts'
import type { ContainerRoute, Route } from './routes.ts'
import { agentMetrics, type CpuRates, type ProcessUsage, resourceMetrics, statsSummary } from './usage.ts'

export interface AnswerOptions extends KubeletServerOptions {
  /** Kept from one question for the present use to the next. */
  rates: CpuRates
}

/** Everything that is asked and answered, streams apart. */
export async function answerPlain(
  { route, query }: Admitted,
  request: IncomingMessage,
  response: ServerResponse,
  options: AnswerOptions,
): Promise<void> {
  if (route.kind === 'exec' || route.kind === 'attach' || route.kind === 'portForward') {
    throw badRequest('Upgrade request required')
  }
  const methods = route.kind === 'localVolumes' ? ['DELETE'] : ['GET', 'HEAD']
  if (!methods.includes(request.method ?? '')) throw new ApiError('MethodNotAllowed', 'Method Not Allowed')
  if (route.kind === 'localVolumes') {
    await options.backend.removeLocalVolume(route.volume)
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('removed')
  } else if (route.kind === 'containerLogs') await answerLogs(route, query, response, options)
  else {
    const [type, body] = await ANSWERS[route.kind](options)
    response.writeHead(200, { 'Content-Type': type }).end(body)
  }
}

type PlainKind = Exclude<Route['kind'], 'exec' | 'attach' | 'portForward' | 'containerLogs' | 'localVolumes'>
type Answer = (options: AnswerOptions) => Promise<[contentType: string, body: string]>

const ANSWERS: Record<PlainKind, Answer> = {
  healthz: async () => ['text/plain; charset=utf-8', 'ok'],
  pods: async ({ backend }) => {
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: await backend.pods() }
    return ['application/json', JSON.stringify(list)]
  },
  'stats/summary': async ({ backend, nodeName, rates }) => {
    return ['application/json', JSON.stringify(statsSummary(nodeName, await backend.usage(), rates))]
  },
  'metrics/resource': async ({ backend }) => [EXPOSITION_TYPE, renderMetrics(resourceMetrics(await backend.usage()))],
  metrics: async ({ backend, nodeName, clock }) => [
    EXPOSITION_TYPE,
    renderMetrics(agentMetrics(nodeName, await backend.pods(), ownUsage(clock.now()))),
  ],
}

function ownUsage(now: number): ProcessUsage {
  const { user, system } = process.cpuUsage()
  const startedAt = now - process.uptime() * 1000
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss(), startedAt }
}

async function answerLogs(
  route: ContainerRoute,
  query: URLSearchParams,
  response: ServerResponse,
  { backend, clock, log }: AnswerOptions,
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
