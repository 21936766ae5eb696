import { createReadStream } from 'node:fs'
import { request } from 'node:http'
import type { Readable } from 'node:stream'

interface Answer {
  status: number
  text: string
}

/** The id of an image in a Docker Engine, or undefined where it has none of that name. */
export async function imageId(socket: string, reference: string): Promise<string | undefined> {
  const answer = await call(socket, 'GET', `/images/${reference}/json`)
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw new Error(`docker cannot inspect ${reference}: ${answer.text}`)
  return (JSON.parse(answer.text) as { Id: string }).Id
}

/** Loads an archive as `docker save` writes it. The Engine reports failures inside a good answer. */
export async function loadArchive(socket: string, path: string): Promise<void> {
  const answer = await call(socket, 'POST', '/images/load?quiet=1', createReadStream(path))
  if (answer.status !== 200 || answer.text.includes('"error"'))
    throw new Error(`docker cannot load ${path}: ${answer.text}`)
}

function call(socketPath: string, method: string, path: string, body?: Readable): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/x-tar' } : {}
    const sent = request({ socketPath, method, path, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
      response.on('error', reject)
    })
    sent.on('error', error =>
      reject(new Error(`docker at ${socketPath} cannot be reached: ${error.message}`, { cause: error })),
    )
    if (!body) return sent.end()
    body.on('error', error => sent.destroy(error))
    body.pipe(sent)
  })
}
