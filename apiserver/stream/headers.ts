/** Which headers of a client's request may travel on. Pure. */

/** About this hop only, or about who the client is: the next hop knows us, not them. */
const STAYS_HERE = new Set([
  'host',
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'connection',
  'upgrade',
])
const IDENTITY_PREFIXES = ['impersonate-', 'x-remote-']
/** Browsers cannot set headers on a WebSocket, so Kubernetes lets them name their token as a subprotocol. */
const TOKEN_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

/** From Node's flat list of names and values, repeated ones kept apart, to such a list. */
export function forwardedHeaders(rawHeaders: readonly string[]): string[] {
  const named = new Set(STAYS_HERE)
  for (const [name, value] of pairs(rawHeaders)) {
    if (name.toLowerCase() === 'connection') for (const other of value.split(',')) named.add(other.trim().toLowerCase())
  }
  return pairs(rawHeaders)
    .filter(([name]) => !named.has(name.toLowerCase()))
    .filter(([name]) => !IDENTITY_PREFIXES.some(prefix => name.toLowerCase().startsWith(prefix)))
    .map(([name, value]) => [name, name.toLowerCase() === 'sec-websocket-protocol' ? withoutToken(value) : value])
    .filter(([, value]) => value !== '')
    .flat() as string[]
}

/**
 * The same for a request that changes the protocol: this is what it asks for, so it travels on. It has no body: what
 * follows it is the new protocol's.
 */
export function upgradeHeaders(rawHeaders: readonly string[]): string[] {
  const upgrade = pairs(rawHeaders).find(([name]) => name.toLowerCase() === 'upgrade')?.[1] ?? ''
  const others = pairs(forwardedHeaders(rawHeaders)).filter(([name]) => name.toLowerCase() !== 'content-length')
  return [...others.flat(), 'Content-Length', '0', 'Connection', 'Upgrade', 'Upgrade', upgrade]
}

export function pairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const list: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) list.push([rawHeaders[index]!, rawHeaders[index + 1]!])
  return list
}

function withoutToken(protocols: string): string {
  const kept = protocols.split(',').map(protocol => protocol.trim())
  return kept.filter(protocol => !protocol.startsWith(TOKEN_PROTOCOL)).join(', ')
}
