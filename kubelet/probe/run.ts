import { connect } from 'node:net'
import type { Container, Probe } from '../../api/types/core-v1.ts'
import { type Clock, sleep } from '../../platform/clock.ts'
import type { ContainerRuntime } from '../runtime.ts'
import { runLimitedExec } from './exec.ts'
import { grpcHealth } from './grpc.ts'
import { httpRequest } from './http.ts'
import { portNumber } from './ports.ts'

export interface ProbeTarget {
  id: string
  podIp: string
  container: Container
}

export interface Outcome {
  /** Undefined: it could not be found out. */
  succeeded: boolean | undefined
  /** What failed, in the words of Kubernetes' events; '' for a success. */
  message: string
}

const SUCCESS: Outcome = { succeeded: true, message: '' }

/** Runs a probe once. It always comes to an end: what hangs is cut at the timeout and counts as a failure. */
export async function runProbe(
  parts: { runtime: ContainerRuntime; clock: Clock },
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Outcome> {
  const seconds = probe.timeoutSeconds ?? 1
  if (probe.exec) return runExecProbe(parts, probe, target, signal)
  const done = new AbortController()
  const late = new AbortController()
  void sleep(parts.clock, seconds * 1000, done.signal).then(
    () => late.abort(),
    () => {},
  )
  try {
    return await runHandler(probe, target, AbortSignal.any([late.signal, signal]))
  } catch (error) {
    return failure(late.signal.aborted ? timeoutMessage(probe, target, seconds) : plainMessage(error, probe, target))
  } finally {
    done.abort()
  }
}

async function runExecProbe(
  { runtime, clock }: { runtime: ContainerRuntime; clock: Clock },
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Outcome> {
  const seconds = probe.timeoutSeconds ?? 1
  try {
    const limit = { clock, ms: seconds * 1000 }
    const result = await runLimitedExec(runtime, target.id, probe.exec?.command ?? [], limit, signal)
    if (!result) return failure(timeoutMessage(probe, target, seconds))
    return result.exitCode === 0 ? SUCCESS : failure(result.output)
  } catch (error) {
    // The engine's own trouble says nothing about the container.
    return { succeeded: undefined, message: error instanceof Error ? error.message : String(error) }
  }
}

function failure(message: string): Outcome {
  return { succeeded: false, message }
}

async function runHandler(
  { httpGet, tcpSocket, grpc }: Probe,
  { podIp, container }: ProbeTarget,
  signal: AbortSignal,
): Promise<Outcome> {
  if (httpGet) {
    const { status } = await httpRequest(httpGet, httpGet.host || podIp, portNumber(httpGet.port, container), signal)
    return status >= 200 && status < 400 ? SUCCESS : failure(`HTTP probe failed with statuscode: ${status}`)
  }
  if (tcpSocket) {
    await tcpConnect(tcpSocket.host || podIp, portNumber(tcpSocket.port, container), signal)
    return SUCCESS
  }
  if (!grpc) throw new Error('missing probe handler')
  const answer = await grpcHealth(podIp, grpc.port, grpc.service ?? '', signal)
  return answer === 'SERVING' ? SUCCESS : failure(`service unhealthy (responded with "${answer}")`)
}

function tcpConnect(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const stop = () => socket.destroy(new Error('aborted'))
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', reject)
    socket.on('close', () => signal.removeEventListener('abort', stop))
    socket.on('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}

function addressOf(probe: Probe, { podIp, container }: ProbeTarget): string {
  const action = probe.httpGet ?? probe.tcpSocket
  const port = action ? portNumber(action.port, container) : probe.grpc?.port
  return `${action?.host || podIp}:${port}`
}

function timeoutMessage(probe: Probe, target: ProbeTarget, seconds: number): string {
  if (probe.exec) return `command timed out: "${(probe.exec.command ?? []).join(' ')}" timed out after ${seconds}s`
  if (probe.httpGet) {
    return `Get "${urlOf(probe, target)}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
  }
  if (probe.tcpSocket) return `dial tcp ${addressOf(probe, target)}: i/o timeout`
  return `timeout: failed to connect service "${addressOf(probe, target)}" within ${seconds}s: context deadline exceeded`
}

function urlOf(probe: Probe, target: ProbeTarget): string {
  const { scheme = 'HTTP', path = '/' } = probe.httpGet ?? {}
  return `${scheme.toLowerCase()}://${addressOf(probe, target)}${path.startsWith('/') ? path : `/${path}`}`
}

const NETWORK_WORDS: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
}

function plainMessage(error: unknown, probe: Probe, target: ProbeTarget): string {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  const words = NETWORK_WORDS[code]
  if (words === undefined) return message
  const dial = `dial tcp ${addressOf(probe, target)}: ${words}`
  if (probe.httpGet) return `Get "${urlOf(probe, target)}": ${dial}`
  return probe.grpc ? `error: health rpc failed: rpc error: code = Unavailable desc = ${dial}` : dial
}
