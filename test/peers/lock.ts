import { createHash } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { errorCode } from '../../platform/disk.ts'

/**
 * Runs `work` while no other process of this machine holds the lock of that name. The lock is an abstract Unix socket:
 * the kernel takes it back when its holder dies, however it dies, so there is no stale lock to clean up; and those who
 * wait hang on a connection that ends with the holder, so nobody polls.
 */
export async function withLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const address = `\0kubox-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  const release = await acquire(address)
  try {
    return await work()
  } finally {
    await release()
  }
}

async function acquire(address: string): Promise<() => Promise<void>> {
  for (;;) {
    const release = await tryListen(address)
    if (release) return release
    await holderGone(address)
  }
}

function tryListen(address: string): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>()
    const server: Server = createServer(socket => {
      waiting.add(socket)
      // A waiter that gives up resets its connection; that is its own affair.
      socket.on('error', () => waiting.delete(socket))
    })
    server.once('error', error => (errorCode(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
    server.listen(address, () =>
      resolve(
        () =>
          new Promise(released => {
            server.close(() => released())
            for (const socket of waiting) socket.destroy()
          }),
      ),
    )
  })
}

function holderGone(address: string): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(address)
    // Refused means that it was released between our two calls: to the waiter all endings are one.
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
    socket.resume()
  })
}
