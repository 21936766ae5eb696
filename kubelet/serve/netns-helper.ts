/** The hidden command by which a release starts itself as this helper. */
export const HELPER_FLAG = '__netns-connect'

export interface ConnectRequest {
  id: number
  port: number
}

/** With the connected socket beside it, or else an `error`. */
export interface ConnectAnswer {
  id: number
  error?: string
}

/**
 * The program that runs inside a pod's network namespace: connects where it is told to, and hands the socket to its
 * parent unread. It is also sent to a bare runtime as text, so it uses nothing but its arguments; types apart, it may
 * name nothing of this file. Ends with its parent.
 */
export function netnsConnectMain(net: typeof import('node:net'), self: NodeJS.Process): void {
  const dial = (request: { id: number; port: number }, hosts: string[], first?: Error) => {
    const socket = net.connect({ port: request.port, host: hosts[0], allowHalfOpen: true, noDelay: true })
    // Whatever the server says first must be read by the parent, not here.
    socket.pause()
    socket.once('connect', () => {
      self.send!({ id: request.id }, socket)
    })
    socket.once('error', (error: Error) => {
      if (hosts.length > 1) dial(request, hosts.slice(1), error)
      else self.send!({ id: request.id, error: (first ?? error).message })
    })
  }
  // Servers may listen on either family, as behind the name localhost.
  self.on('message', message => dial(message as { id: number; port: number }, ['127.0.0.1', '::1']))
  self.on('disconnect', () => self.exit(0))
}
