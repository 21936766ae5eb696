import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A stream of JSON documents, one a line, as the engine sends them for events and pulls. */
export async function* jsonLines<T>(stream: Readable): AsyncIterable<T> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    rest += decoder.write(chunk as Buffer)
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as T
  }
  if (rest.trim()) yield JSON.parse(rest) as T
}
