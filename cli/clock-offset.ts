import { httpTransport } from '../client/http.ts'
import { TransportError } from '../client/transport.ts'
import type { Clock } from '../platform/clock.ts'

/** Dates of HTTP have whole seconds: on average the true time is half of one later. */
const HALF_A_SECOND_MS = 500

/**
 * How far a server's clock is ahead of this machine's, by the date of its answer. Asked before anybody vouches for the
 * server, as a wrong clock is also what makes good certificates look bad. Undefined: there is no answer.
 */
export async function clockOffset(server: string, clock: Clock): Promise<number | undefined> {
  const transport = httpTransport({ server, credentials: { insecure: true }, clock })
  try {
    const before = clock.now()
    const { headers } = await transport.request({ method: 'GET', path: '/livez' })
    const said = Date.parse(String(headers.date))
    return Number.isNaN(said) ? undefined : said + HALF_A_SECOND_MS - (before + clock.now()) / 2
  } catch (error) {
    // That nobody answers is said when the cluster is looked for.
    if (error instanceof TransportError) return undefined
    throw error
  } finally {
    await transport.close()
  }
}
