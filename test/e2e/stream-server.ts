import * as fs from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ApiError, notFound } from '../../api/errors.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { asApiAnswer, forwardRequest } from '../../apiserver/stream/forward.ts'
import { agentPath, type PodStream } from '../../apiserver/stream/locate.ts'
import { refuseUpgrade, spliceUpgrade } from '../../apiserver/stream/splice.ts'
import type { StreamTarget, TargetTls } from '../../apiserver/stream/target.ts'
import { AgentServer } from '../../kubelet/node/server.ts'
import type { StreamBackend } from '../../kubelet/serve/backend.ts'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'

/**
 * Just enough of an API server for kubectl's streaming commands: TLS, discovery of pods, and the way to an agent's
 * server in the same process, over TLS with certificates both ways, as in a real cluster.
 */
export interface StreamServer {
  kubeconfig: string
  url: string
  agentPort: number
  /** What the API server shows to the agent, and expects of it. */
  agentTls: TargetTls
  log: MemoryLog
  close(): Promise<void>
}

const PODS = { group: '', plural: 'pods' }

export async function startStreamServer(backend: StreamBackend, folder?: string): Promise<StreamServer> {
  const log = new MemoryLog()
  const around = { clock: systemClock, log }
  const ca = new Authority(createAuthority('test', systemClock, systemRandom), systemClock, systemRandom)
  const serving = ca.issue({ subject: { commonName: 'api' }, usage: 'server', ipAddresses: ['127.0.0.1'] })
  const agentPair = ca.issue({ subject: { commonName: 'system:node:node1' }, usage: 'server', dnsNames: ['node1'] })
  const admin = { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] }
  const client = ca.issue({ subject: admin, usage: 'client' })
  const agent = new AgentServer(
    {
      host: '127.0.0.1',
      port: 0,
      key: agentPair.key,
      certificate: agentPair.certificate,
      clientCa: ca.certificatePem,
      access: {},
    },
    { nodeName: 'node1', backend, ...around },
  )
  const agentPort = await agent.listen()
  const agentTls = { ca: ca.certificatePem, cert: client.certificate, key: client.key, serverName: 'node1' }
  const targetFor = (stream: PodStream, pod: Pod, query: URLSearchParams): StreamTarget => ({
    host: '127.0.0.1',
    port: agentPort,
    path: agentPath(stream, pod, query),
    tls: agentTls,
  })
  const server = https.createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
    answer(request, response).catch((error: unknown) => fail(response, error))
  })
  server.on('upgrade', (request, socket, head) => {
    upgrade({ request, socket, head }).catch((error: unknown) => refuseUpgrade(socket, asApiError(error)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const directory = folder ?? (await fs.mkdtemp(join(tmpdir(), 'kubox-streams-')))
  const kubeconfig = join(directory, 'kubeconfig')
  await fs.writeFile(kubeconfig, kubeconfigText(url, ca.certificatePem, client))
  return {
    kubeconfig,
    url,
    agentPort,
    agentTls,
    log,
    async close() {
      await agent.close()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await fs.rm(directory, { recursive: true, force: true })
    },
  }

  async function findPod(namespace: string, name: string): Promise<Pod> {
    const pod = await backend.pod(namespace, name)
    if (!pod) throw notFound(PODS, name)
    return pod
  }

  async function upgrade(from: Parameters<typeof spliceUpgrade>[0]): Promise<void> {
    const { match, query } = parse(from.request)
    if (!match?.stream) throw new ApiError('NotFound', 'the server could not find the requested resource')
    const pod = await findPod(match.namespace, match.name)
    await spliceUpgrade(from, targetFor(match.stream as PodStream, pod, query), around)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, match, query } = parse(request)
    const fixed = DISCOVERY[path]
    if (fixed) return json(response, 200, fixed)
    if (!match) throw new ApiError('NotFound', 'the server could not find the requested resource')
    const pod = await findPod(match.namespace, match.name)
    if (match.stream !== 'log') return json(response, 200, pod)
    const left = new AbortController()
    response.once('close', () => left.abort())
    const forwarded = { method: 'GET' as const, headers: {}, signal: left.signal }
    const { headers, body } = await asApiAnswer(await forwardRequest(forwarded, targetFor('log', pod, query), around))
    response.writeHead(200, headers)
    response.flushHeaders()
    Readable.from(body as AsyncIterable<Uint8Array>)
      .on('error', () => response.destroy())
      .pipe(response)
  }
}

function parse(request: IncomingMessage) {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://any')
  const [, namespace, name, stream] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? []
  return { path, query, match: namespace && name ? { namespace, name, stream } : undefined }
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('InternalError', String(error))
}

function fail(response: ServerResponse, error: unknown): void {
  const refusal = asApiError(error)
  json(response, refusal.code, refusal.toStatus())
}

function json(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

const DISCOVERY: Record<string, unknown> = {
  '/version': { major: '1', minor: '36', gitVersion: 'v1.36.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'], shortNames: ['po'] },
    ],
  },
}

function kubeconfigText(server: string, ca: string, client: { certificate: string; key: string }): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'test',
        user: { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) },
      },
    ],
  })
}
