import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Member } from '../member.ts'
import { VERSION } from '../version.ts'
import { metricsText } from './metrics.ts'

type Answer = [status: number, type: string, body: string]

/** Health, version and metrics over HTTP/1.1. The server listens nowhere: sockets are handed to it. */
export function createHttpServer(member: Member): Server {
  return createServer((request, response) => {
    answer(member, request).then(
      content => respond(response, content),
      error => respond(response, [500, 'text/plain', `${error}\n`]),
    )
  })
}

async function answer(member: Member, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (request.method !== 'GET' && request.method !== 'HEAD') return [405, 'text/plain', 'Method Not Allowed\n']
  switch (url.pathname) {
    case '/health':
      return health(member, url.searchParams)
    case '/livez':
      return [200, 'text/plain', 'ok\n']
    case '/readyz':
      return (await problemOf(member, false)) ? [503, 'text/plain', 'not ready\n'] : [200, 'text/plain', 'ok\n']
    case '/version':
      return json(200, { etcdserver: VERSION.server, etcdcluster: VERSION.cluster })
    case '/metrics':
      return [200, 'text/plain; version=0.0.4; charset=utf-8', metricsText(member)]
    default:
      return [404, 'text/plain', '404 page not found\n']
  }
}

async function health(member: Member, query: URLSearchParams): Promise<Answer> {
  const excluded = query.getAll('exclude')
  const alarm = member.machine.alarms().find(({ alarm }) => !excluded.includes(alarm === 1 ? 'NOSPACE' : 'CORRUPT'))
  const reason = alarm
    ? `ALARM ${alarm.alarm === 1 ? 'NOSPACE' : 'CORRUPT'}`
    : await problemOf(member, query.get('serializable') === 'true')
  return json(reason ? 503 : 200, { health: reason ? 'false' : 'true', reason })
}

async function problemOf(member: Member, serializable: boolean): Promise<string> {
  if (!member.leader) return 'RAFT NO LEADER'
  if (serializable) return ''
  try {
    await member.readIndex()
    return ''
  } catch (error) {
    return `RANGE ERROR:${(error as Error).message}`
  }
}

function json(status: number, body: object): Answer {
  return [status, 'application/json', JSON.stringify(body)]
}

function respond(response: ServerResponse, [status, type, body]: Answer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
