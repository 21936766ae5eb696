import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpListener } from '../../apiserver/http.ts'
import type { ApiServerOptions } from '../../apiserver/options.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing.ts'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { type FakeClock, systemClock } from '../../platform/clock.ts'
import { type RunResult, systemProcesses } from '../../platform/processes.ts'
import { systemRandom } from '../../platform/random.ts'

/** The API server alone, on the memory store, behind TLS on loopback: what kubectl needs and nothing more. */
export interface ApiListener {
  server: TestServer
  folder: string
  url: string
  kubectl(path: string, args: readonly string[], stdin?: string): Promise<RunResult>
  close(): Promise<void>
}

export async function startApiListener(options: Partial<ApiServerOptions> = {}): Promise<ApiListener> {
  const server = await startTestServer({ clock: systemClock as FakeClock, ...options })
  const ca = new Authority(createAuthority('test', systemClock, systemRandom), systemClock, systemRandom)
  const serving = ca.issue({ subject: { commonName: 'api' }, usage: 'server', ipAddresses: ['127.0.0.1'] })
  const admin = ca.issue({ subject: { commonName: 'admin', organizations: ['system:masters'] }, usage: 'client' })
  const tls = { certificate: serving.certificate, key: serving.key, clientCa: ca.certificatePem }
  const listener = createHttpListener({ server: server.server, log: server.log, tls })
  const url = `https://127.0.0.1:${await listener.listen(0, '127.0.0.1')}`
  const folder = await fs.mkdtemp(join(tmpdir(), 'kubox-api-'))
  const kubeconfig = join(folder, 'kubeconfig')
  await fs.writeFile(kubeconfig, kubeconfigText(url, ca.certificatePem, admin), { mode: 0o600 })
  return {
    server,
    folder,
    url,
    kubectl(path, args, stdin) {
      // A cache for each program: what one of them has seen must not help another.
      const cache = join(folder, `cache-${path.replaceAll('/', '_')}`)
      const flags = ['--kubeconfig', kubeconfig, '--cache-dir', cache]
      return systemProcesses.run(path, [...flags, ...args], { input: stdin, timeoutMs: 240_000 })
    },
    async close() {
      await listener.close()
      await server.server.close()
      await fs.rm(folder, { recursive: true, force: true })
    },
  }
}

function kubeconfigText(server: string, ca: string, client: { certificate: string; key: string }): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const user = {
    'client-certificate-data': base64(client.certificate),
    'client-key-data': base64(client.key),
  }
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user }],
  })
}
