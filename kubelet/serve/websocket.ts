import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'

/** Clients cut their data into messages of some 32 KB. */
const MAX_MESSAGE = 16 * 1024 * 1024

/**
 * Completes a WebSocket handshake with the subprotocol chosen already. The header is written here and kept from the
 * library, because port-forward's `SPDY/3.1+portforward.k8s.io` holds a slash, which the library refuses.
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<WebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE,
  })
  if (protocol) server.on('headers', lines => lines.push(`Sec-WebSocket-Protocol: ${protocol}`))
  const { 'sec-websocket-protocol': _offered, ...headers } = request.headers
  const plain = Object.assign(Object.create(request), { headers })
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('the client left during the WebSocket handshake')))
    server.handleUpgrade(plain, socket, head, resolve)
  })
}

/** The messages of a WebSocket as one stream of bytes: how port-forward tunnels SPDY. */
export function webSocketBytes(socket: WebSocket): Duplex {
  return createWebSocketStream(socket, { readableObjectMode: false, writableHighWaterMark: 64 * 1024 })
}
