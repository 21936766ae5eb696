import { writeFile } from 'node:fs/promises'
import { get } from 'node:https'
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

/**
 * An API server on a durable store of its own, for the benchmark: `node server.ts KUBECONFIG DATA`. Says `ready MS` when
 * /readyz has answered, counted from the start of the process.
 */
async function main(kubeconfig: string, directory: string): Promise<void> {
  const log = openLog('bench', 'warn')
  const member = await openMember({ name: 'default', directory, disk, clock, random, log })
  await member.ready()

  const pair = createAuthority('bench', clock, random)
  const authority = new Authority(pair, clock, random)
  const serving = authority.issue({ subject: { commonName: 'api' }, usage: 'server', ipAddresses: ['127.0.0.1'] })
  const admin = authority.issue({
    subject: { commonName: 'bench', organizations: ['system:masters'] },
    usage: 'client',
  })
  const server = createApiServer({
    ...{ store: createEmbeddedStore(member), clock, random, log, kinds: builtinKinds(), version: TEST_VERSION },
    advertiseAddress: '127.0.0.1:6443',
    serviceAccounts: { issuer: 'https://kubernetes.default.svc', signingKey: readPrivateKey(serving.key) },
  })
  await server.start()
  const listener = createHttpListener({ server, log, tls: { ...serving, clientCa: pair.certificate } })
  const url = `https://127.0.0.1:${await listener.listen(0, '127.0.0.1')}`
  const credentials = { ca: pair.certificate, certificate: admin.certificate, key: admin.key }
  const text = renderKubeconfig({ cluster: 'bench', user: 'bench', server: url, credentials })
  await writeFile(kubeconfig, text, { mode: 0o600 })
  await isReady(url, pair.certificate)
  console.log(`ready ${Math.round(performance.now())}`)

  process.on('SIGTERM', async () => {
    await listener.close()
    await server.close()
    await member.close()
    process.exit(0)
  })
}

function isReady(url: string, ca: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/readyz`, { ca, agent: false }, response => {
      response.resume()
      if (response.statusCode === 200) resolve()
      else reject(new Error(`/readyz answers ${response.statusCode}`))
    })
    request.on('error', reject)
  })
}

const [kubeconfig = '', directory = ''] = process.argv.slice(2)
main(kubeconfig, directory).catch(error => {
  console.error(error)
  process.exitCode = 1
})
