import { connect } from 'node:net'
import { UserError } from './output.ts'

const CONNECT_TIMEOUT_MS = 5000

/** The address by which this machine reaches a server: the one by which that server can reach this machine. */
export function localEndTowards(server: string): Promise<string> {
  const { hostname, port } = new URL(server)
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket = connect({ host, port: Number(port), timeout: CONNECT_TIMEOUT_MS })
    socket.once('connect', () => {
      resolve(socket.localAddress ?? '')
      socket.destroy()
    })
    socket.once('timeout', () => socket.destroy(new Error('timed out')))
    socket.once('error', error => reject(new UserError(`cannot connect to ${server}: ${error.message}`)))
  })
}
