import type { ApiRequest } from '../../api/exchange.ts'

/** The head of an ordinary request. */
export interface Head {
  method: string
  url: string
  headers: ApiRequest['headers']
  /** Bytes of the head, its empty line included, and of the body behind it. */
  length: number
  bodyLength: number
}

const LONGEST_HEAD = 16 << 10
const LONGEST_BODY = 64 << 10
const END = Buffer.from('\r\n\r\n')

const REQUEST_LINE = /^(GET|POST|PUT|PATCH|DELETE) (\/[!"$-~]*) HTTP\/1\.1$/
const HEADER_LINE = /^([A-Za-z0-9-]+):[\t ]*([\t -~]*)$/
const KEEP_ALIVE = /^keep-alive$/i
const BODY_LENGTH = /^\d{1,5}$/

/** What changes how a request is read, or what becomes of its connection, is not ordinary. */
const EXTRAORDINARY = new Set([
  ...['transfer-encoding', 'content-encoding', 'upgrade', 'expect', 'te', 'trailer', 'proxy-connection'],
  ...['keep-alive', 'http2-settings'],
])

/**
 * Reads heads of requests strictly, and only ordinary ones: of what node's own parser takes, this takes the part that
 * can be read in one way only. Everything else is `undefined`, and node's to judge. One reader serves one connection,
 * since its client sends the same headers again and again: they are taken apart once.
 */
export class HeadReader {
  #block = ''
  #headers: ApiRequest['headers'] | undefined
  #bodyLength = 0

  read(bytes: Buffer): Head | undefined {
    const end = bytes.indexOf(END)
    if (end < 0 || end > LONGEST_HEAD) return undefined
    const text = bytes.toString('latin1', 0, end)
    const lineEnd = text.indexOf('\r\n')
    const line = lineEnd < 0 ? undefined : REQUEST_LINE.exec(text.slice(0, lineEnd))
    if (!line || !this.#readBlock(text.slice(lineEnd + 2), line[1]!)) return undefined
    return {
      ...{ method: line[1]!, url: line[2]!, headers: this.#headers! },
      ...{ length: end + END.length, bodyLength: this.#bodyLength },
    }
  }

  #readBlock(block: string, method: string): boolean {
    if (this.#headers === undefined || block !== this.#block) {
      const headers = parseHeaders(block)
      const bodyLength = headers && ordinaryLength(headers)
      if (bodyLength === undefined) return false
      this.#block = block
      this.#headers = headers
      this.#bodyLength = bodyLength
    }
    return method !== 'GET' || this.#headers!['content-length'] === undefined
  }
}

/** The headers by their names, or undefined where one is malformed, stands there twice or is not ordinary. */
function parseHeaders(block: string): ApiRequest['headers'] | undefined {
  const headers: ApiRequest['headers'] = Object.create(null)
  for (const text of block.split('\r\n')) {
    const line = HEADER_LINE.exec(text)
    if (!line) return undefined
    const name = line[1]!.toLowerCase()
    if (EXTRAORDINARY.has(name) || headers[name] !== undefined) return undefined
    headers[name] = line[2]!.trimEnd()
  }
  const { host, connection } = headers
  if (!host || (connection !== undefined && !KEEP_ALIVE.test(connection))) return undefined
  return Object.freeze(headers)
}

function ordinaryLength({ 'content-length': length }: ApiRequest['headers']): number | undefined {
  if (length === undefined) return 0
  if (!BODY_LENGTH.test(length) || Number(length) > LONGEST_BODY) return undefined
  return Number(length)
}
