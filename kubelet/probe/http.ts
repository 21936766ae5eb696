import { Agent as HttpAgent, request as httpSend } from 'node:http'
import { Agent as HttpsAgent, request as httpsSend } from 'node:https'
import type { HTTPGetAction } from '../../api/types/core-v1.ts'

export interface HttpAnswer {
  status: number
  body: string
}

const KEPT_BYTES = 10 * 1024
const MOST_REDIRECTS = 10

/** A fresh connection each time, as a probe asks whether one can be made. Certificates are not verified. */
const plain = new HttpAgent({ keepAlive: false })
const secure = new HttpsAgent({ keepAlive: false, rejectUnauthorized: false })

/** GETs what a probe or hook names. Redirects are followed on the same host; one that leads elsewhere counts as it is. */
export async function httpRequest(
  action: HTTPGetAction,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const written = host.includes(':') ? `[${host}]` : host
  const path = action.path ?? '/'
  let url = new URL(`${scheme}://${written}:${port}${path.startsWith('/') ? path : `/${path}`}`)
  for (let hop = 0; ; hop++) {
    const answer = await send(url, headersOf(action), signal)
    const next = answer.location === undefined ? undefined : URL.parse(answer.location, url.href)
    const follow = answer.status >= 300 && answer.status < 400 && next?.hostname === url.hostname
    if (!follow) return answer
    if (hop >= MOST_REDIRECTS) throw new Error(`stopped after ${MOST_REDIRECTS} redirects`)
    url = next
  }
}

function headersOf(action: HTTPGetAction): Record<string, string | string[]> {
  const headers: Record<string, string[]> = {}
  for (const { name, value } of action.httpHeaders ?? []) {
    const key = name.toLowerCase()
    headers[key] = [...(headers[key] ?? []), value]
  }
  const single = Object.entries(headers).map(([key, values]) => [key, values.length === 1 ? values[0]! : values])
  return { 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close', ...Object.fromEntries(single) }
}

function send(
  url: URL,
  headers: Record<string, string | string[]>,
  signal: AbortSignal,
): Promise<HttpAnswer & { location?: string }> {
  return new Promise((resolve, reject) => {
    const options = { headers, signal, agent: url.protocol === 'https:' ? secure : plain }
    const call = (url.protocol === 'https:' ? httpsSend : httpSend)(url, options, response => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        if (size < KEPT_BYTES) chunks.push(chunk)
        size += chunk.length
      })
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString()
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location })
      })
    })
    call.on('error', reject)
    call.end()
  })
}
