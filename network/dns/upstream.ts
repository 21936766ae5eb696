import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { Clock } from '../../platform/clock.ts'

const PATIENCE_MS = 2_000
const PORT = 53

/** Hands a packet to one server after the other, and gives back the first answer as it came. */
export async function askOthers(
  packet: Buffer,
  servers: readonly string[],
  over: 'udp' | 'tcp',
  clock: Clock,
): Promise<Buffer> {
  const problems: string[] = []
  for (const server of servers) {
    try {
      return over === 'udp'
        ? await askOverUdp(packet, endOf(server), clock)
        : await askOverTcp(packet, endOf(server), clock)
    } catch (error) {
      problems.push(`${server}: ${(error as Error).message}`)
    }
  }
  throw new Error(problems.length === 0 ? 'the node knows no name server' : problems.join('; '))
}

interface End {
  host: string
  port: number
}

/** ADDRESS, or ADDRESS:PORT. */
function endOf(server: string): End {
  const [, host = server, port] = /^([\d.]+):(\d+)$/.exec(server) ?? []
  return { host, port: port ? Number(port) : PORT }
}

/** A socket of its own for each question: its random port is what makes a forged answer hard to place. */
function askOverUdp(packet: Buffer, { host, port }: End, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const timer = clock.after(PATIENCE_MS, () => finish(() => reject(new Error('no answer'))))
    const finish = (then: () => void) => {
      timer.cancel()
      socket.close()
      then()
    }
    socket.once('error', error => finish(() => reject(error)))
    socket.on('message', reply => {
      if (reply.length >= 12 && reply.readUInt16BE(0) === packet.readUInt16BE(0)) finish(() => resolve(reply))
    })
    // Connected: datagrams of others are dropped, and a refusal is heard of at once.
    socket.connect(port, host, () => socket.send(packet))
  })
}

function askOverTcp(packet: Buffer, { host, port }: End, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    const timer = clock.after(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
    let got = Buffer.alloc(0)
    socket.once('error', reject)
    socket.once('close', () => {
      timer.cancel()
      reject(new Error('the connection ended before the answer'))
    })
    socket.on('data', chunk => {
      got = Buffer.concat([got, chunk])
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return
      resolve(got.subarray(2, 2 + got.readUInt16BE(0)))
      socket.destroy()
    })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(packet.length)
    socket.write(Buffer.concat([length, packet]))
  })
}
