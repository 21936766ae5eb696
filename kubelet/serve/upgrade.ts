import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ApiError, badRequest } from '../../api/errors.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { StreamBackend } from './backend.ts'
import { type RemoteConsole, runConsole } from './console.ts'
import { openSpdyConsole } from './console-spdy.ts'
import { CHANNEL_PROTOCOLS, openWebSocketConsole } from './console-websocket.ts'
import { hasContainer, runningContainerId } from './containers.ts'
import type { Admitted, KubeletServerOptions } from './options.ts'
import { servePortForward } from './port-forward.ts'
import { servePortForwardChannels } from './port-forward-websocket.ts'
import { type ContainerRoute, headerList, parsePorts, parseStreamRequest, type StreamRequest } from './routes.ts'
import { acceptWebSocket, webSocketBytes } from './websocket.ts'

interface Upgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
}

const SPDY = 'SPDY/3.1'
const EXEC_SPDY = ['v4.channel.k8s.io']
const EXEC_WEBSOCKET = Object.keys(CHANNEL_PROTOCOLS)
const FORWARD_SPDY = ['portforward.k8s.io']
const FORWARD_TUNNEL = 'SPDY/3.1+portforward.k8s.io'
const FORWARD_WEBSOCKET = [FORWARD_TUNNEL, ...EXEC_WEBSOCKET]

/** Everything that can be refused is refused before the answer 101: after it, clients have no way to be told why. */
export async function upgradeStream(
  { route, query }: Admitted,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: KubeletServerOptions,
): Promise<void> {
  const upgrade = { request, socket, head }
  keepOpen(socket)
  if (route.kind === 'portForward') return await portForward(route, query, upgrade, options)
  if (route.kind === 'exec' || route.kind === 'attach') return await runRemotely(route, query, upgrade, options)
  throw badRequest('this path cannot be upgraded')
}

/** Nothing here is cut for being idle; a peer that has vanished is found by TCP itself. */
function keepOpen(socket: Duplex): void {
  if (!(socket instanceof Socket)) return
  socket.setTimeout(0)
  socket.setKeepAlive(true, 30_000)
  socket.setNoDelay(true)
}

async function runRemotely(
  route: ContainerRoute,
  query: URLSearchParams,
  upgrade: Upgrade,
  { backend, clock, log }: KubeletServerOptions,
): Promise<void> {
  const wanted = parseStreamRequest(query)
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  if (route.kind === 'exec' && wanted.command.length === 0) {
    throw badRequest('you must specify at least one command for the container')
  }
  const id = await findRunning(route, backend)
  const client = await acceptConsole(upgrade, wanted, openSpdy)
  if (client) await runConsole(client, start, route.kind === 'exec' ? 'executing command in' : 'attaching to', log)

  function openSpdy(socket: Duplex): Promise<RemoteConsole | undefined> {
    return openSpdyConsole(socket, wanted, clock).catch(error => {
      log.debug('a streaming session did not begin', { error })
      return undefined
    })
  }
  function start() {
    return route.kind === 'exec' ? backend.exec(id, wanted) : backend.attach(id, wanted)
  }
}

async function findRunning(route: ContainerRoute, backend: StreamBackend): Promise<string> {
  const pod = await findPod(route, backend)
  if (!hasContainer(pod, route.container)) throw new ApiError('NotFound', `container not found ("${route.container}")`)
  return runningContainerId(pod, route.container)
}

async function findPod(
  { namespace, pod: name }: { namespace: string; pod: string },
  backend: StreamBackend,
): Promise<Pod> {
  const pod = await backend.pod(namespace, name)
  if (!pod) throw new ApiError('NotFound', 'pod does not exist')
  return pod
}

async function acceptConsole(
  { request, socket, head }: Upgrade,
  wanted: StreamRequest,
  openSpdy: (socket: Duplex) => Promise<RemoteConsole | undefined>,
): Promise<RemoteConsole | undefined> {
  const protocol = chooseProtocol(request, EXEC_SPDY, EXEC_WEBSOCKET)
  if (isWebSocket(request)) {
    return openWebSocketConsole(
      await acceptWebSocket(request, socket, head, protocol),
      CHANNEL_PROTOCOLS[protocol]!,
      wanted,
    )
  }
  acceptSpdy(socket, head, protocol)
  return await openSpdy(socket)
}

async function portForward(
  where: { namespace: string; pod: string },
  query: URLSearchParams,
  { request, socket, head }: Upgrade,
  { backend, log }: KubeletServerOptions,
): Promise<void> {
  await findPod(where, backend)
  // The pod is looked up for each connection: it may be replaced while the session lasts.
  const connect = async (port: number) => await backend.connect(await findPod(where, backend), port)
  const protocol = chooseProtocol(request, FORWARD_SPDY, FORWARD_WEBSOCKET)
  if (!isWebSocket(request)) {
    acceptSpdy(socket, head, protocol)
    servePortForward(socket, connect, log)
  } else if (protocol === FORWARD_TUNNEL) {
    servePortForward(webSocketBytes(await acceptWebSocket(request, socket, head, protocol)), connect, log)
  } else {
    const ports = parsePorts(query)
    if (!ports || ports.length === 0) throw badRequest('query parameter "port" is required')
    const channels = await acceptWebSocket(request, socket, head, protocol)
    servePortForwardChannels(channels, CHANNEL_PROTOCOLS[protocol]!, ports, connect, log)
  }
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** The first that the client offers and we speak. A WebSocket may name none. */
function chooseProtocol(request: IncomingMessage, spdy: readonly string[], webSocket: readonly string[]): string {
  const { upgrade = '', ...headers } = request.headers
  if (!isWebSocket(request) && upgrade.toLowerCase() !== SPDY.toLowerCase()) {
    throw badRequest(`unable to upgrade: unsupported protocol "${upgrade}"`)
  }
  const offered = headerList(headers[isWebSocket(request) ? 'sec-websocket-protocol' : 'x-stream-protocol-version'])
  const spoken = isWebSocket(request) ? webSocket : spdy
  if (isWebSocket(request) && offered.length === 0) return ''
  const chosen = offered.find(protocol => spoken.includes(protocol))
  if (chosen !== undefined) return chosen
  const lists = `client supports [${offered.join(' ')}], server accepts [${spoken.filter(Boolean).join(' ')}]`
  throw new ApiError('Forbidden', `unable to upgrade: unable to negotiate protocol: ${lists}`)
}

function acceptSpdy(socket: Duplex, head: Buffer, protocol: string): void {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${SPDY}`]
  socket.write(`${[...lines, `X-Stream-Protocol-Version: ${protocol}`].join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
}
