import type { ApiResponse } from '../../api/exchange.ts'

/** The JSON that another server answered; throws where it is none, is too long, or is a refusal. */
export async function readAnswer({ status, body }: ApiResponse, longest: number): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (body instanceof Uint8Array) chunks.push(body)
  else if (body) {
    for await (const chunk of body) {
      chunks.push(chunk)
      length += chunk.length
      if (length > longest) throw new Error('the answer is too long')
    }
  }
  if (status !== 200) throw new Error(`bad status from the extension server: ${status}`)
  return JSON.parse(Buffer.concat(chunks).toString())
}
