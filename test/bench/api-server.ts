import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtinKinds } from '../../api/kinds/registry.ts'
import { createApiServer } from '../../apiserver/app.ts'
import { createHttpListener } from '../../apiserver/http.ts'
import { createEmbeddedStore } from '../../apiserver/storage/embedded.ts'
import { TEST_VERSION } from '../../apiserver/testing.ts'
import { renderKubeconfig } from '../../client/kubeconfig.ts'
import { openMember } from '../../etcd/member.ts'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { readPrivateKey } from '../../pki/keys.ts'
import { systemClock as clock } from '../../platform/clock.ts'
import { systemDisk as disk } from '../../platform/disk.ts'
import { openLog } from '../../platform/log.ts'
import { systemRandom as random } from '../../platform/random.ts'

// An API server on a durable store of its own, for the benchmark: `node server.ts KUBECONFIG [DATA]`. Says `ready MS`.
const [kubeconfig = '', data] = process.argv.slice(2)
const started = performance.now()
const directory = data ?? (await mkdtemp(join(tmpdir(), 'kubox-bench-api-')))
const log = openLog('bench', 'warn')
const member = await openMember({ name: 'default', directory, disk, clock, random, log })
await member.ready()

const pair = createAuthority('bench', clock, random)
const authority = new Authority(pair, clock, random)
const serving = authority.issue({ subject: { commonName: 'api' }, usage: 'server', ipAddresses: ['127.0.0.1'] })
const admin = authority.issue({ subject: { commonName: 'bench', organizations: ['system:masters'] }, usage: 'client' })
const server = createApiServer({
  ...{ store: createEmbeddedStore(member), clock, random, log, kinds: builtinKinds(), version: TEST_VERSION },
  advertiseAddress: '127.0.0.1:6443',
  serviceAccounts: { issuer: 'https://kubernetes.default.svc', signingKey: readPrivateKey(serving.key) },
})
await server.start()
const listener = createHttpListener({ server, log, tls: { ...serving, clientCa: pair.certificate } })
const port = await listener.listen(0, '127.0.0.1')
const credentials = { ca: pair.certificate, certificate: admin.certificate, key: admin.key }
const text = renderKubeconfig({ cluster: 'bench', user: 'bench', server: `https://127.0.0.1:${port}`, credentials })
await writeFile(kubeconfig, text, { mode: 0o600 })
console.log(`ready ${Math.round(performance.now() - started)}`)

process.on('SIGTERM', async () => {
  await listener.close()
  await server.close()
  await member.close()
  if (!data) await rm(directory, { recursive: true, force: true })
  process.exit(0)
})
