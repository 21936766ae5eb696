import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../../apiserver/testing.ts'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { generateKey, privateKeyPem } from '../../pki/keys.ts'
import { FakeClock, systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { eventually } from '../../test/support/eventually.ts'
import { FlagReader } from '../flags.ts'
import { APISERVER_FLAGS, ApiserverFlags } from './apiserver-flags.ts'

const SECRETS = '/api/v1/namespaces/default/secrets'
const MAPS = '/api/v1/namespaces/default/configmaps'
const ANN = { name: 'ann', groups: ['system:authenticated'] }

/** Flags, files and a service beside the server, as an administrator has them; only the time is the test's own. */
describe('an API server with files that change and an audit webhook', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubox-changing-'))
  const at = (name: string) => join(folder, name)
  const told: { authorization: string | undefined; items: { verb: string; user: { username: string } }[] }[] = []
  const pair = createAuthority('audit-ca', systemClock, systemRandom)
  const authority = new Authority(pair, systemClock, systemRandom)
  const { certificate, key } = authority.issue({
    ...{ subject: { commonName: 'audit' }, usage: 'server', ipAddresses: ['127.0.0.1'] },
  })
  const service = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const { items } = JSON.parse(Buffer.concat(chunks).toString())
      told.push({ authorization: request.headers.authorization, items })
      response.end()
    })
  })
  let server: TestServer

  const authorizers = (...types: string[]) =>
    JSON.stringify({
      ...{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration' },
      authorizers: types.map(type => ({ type, name: type.toLowerCase() })),
    })

  before(async () => {
    await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
    const { port } = service.address() as AddressInfo
    await writeFile(at('key'), privateKeyPem(generateKey()))
    await writeFile(at('ca'), pair.certificate)
    await writeFile(at('audit.conf'), kubeconfig(`https://127.0.0.1:${port}/events`, at('ca')))
    await writeFile(at('policy'), 'rules: [{level: Metadata, resources: [{group: "", resources: [configmaps]}]}]')
    await writeFile(at('authorization'), authorizers('RBAC', 'AlwaysDeny'))
    const clock = new FakeClock()
    const options = await flags().options({ clock, random: systemRandom, log: new MemoryLog() })
    server = await startTestServer({ ...options, clock })
  })
  after(async () => {
    service.close()
    service.closeAllConnections()
    await rm(folder, { recursive: true })
  })

  function flags(): ApiserverFlags {
    const needed = ['client-ca-file', 'tls-cert-file', 'tls-private-key-file', 'kubelet-client-certificate']
    const files = [...needed, 'kubelet-client-key', 'service-account-signing-key-file'].map(name => [name, at('key')])
    const given = new Map([
      ...(files as [string, string][]),
      ['authorization-config', at('authorization')],
      ['audit-policy-file', at('policy')],
      ['audit-log-path', at('audit.log')],
      ['audit-webhook-config-file', at('audit.conf')],
      ['audit-webhook-batch-max-wait', '5s'],
    ])
    return new ApiserverFlags(new FlagReader(given, APISERVER_FLAGS, 'kube-apiserver.yaml'), systemDisk)
  }

  const isTold = (message: string, times: number) =>
    eventually({ what: message, everyMs: 5, evidence: () => JSON.stringify(server.log.entries) }, async () => {
      server.clock.advance(1000)
      return server.log.entries.filter(entry => entry.message.startsWith(message)).length >= times
    })
  // What is told to nobody: while the time runs, nothing is on its way.
  const statusFor = async (as: typeof ANN) => (await server.call('GET', SECRETS, { as })).status

  it('lets pass whom the file lets pass when it has changed, and again when what was wrong is mended', async () => {
    assert.equal(await statusFor(ANN), 403)
    await writeFile(at('authorization'), '{"kind": "half of')
    await isTold('A file of the configuration is wrong', 1)
    assert.equal(await statusFor(ANN), 403)
    await writeFile(at('authorization'), authorizers('RBAC', 'AlwaysAllow'))
    await isTold('A file of the configuration is wrong', 2)
    assert.equal(await statusFor(ANN), 403, 'the types must stay')
    await writeFile(at('authorization'), authorizers('AlwaysDeny', 'RBAC'))
    await isTold('A file of the configuration was read again', 1)
    assert.equal(await statusFor(ANN), 403)
  })

  it('tells the service and the file the same', async () => {
    const usersTold = () => told.flatMap(({ items }) => items.map(({ user }) => user.username))
    await server.call('GET', MAPS)
    server.clock.advance(5000)
    await eventually({ what: 'the service is told', everyMs: 5, evidence: () => JSON.stringify(told) }, async () => {
      return usersTold().includes('kubernetes-admin')
    })
    assert.equal(told[0]!.authorization, 'Bearer hush')
    await server.call('DELETE', `${MAPS}/none`)
    await server.server.close()
    const lines = (await readFile(at('audit.log'), 'utf8')).trim().split('\n')
    const verbs = lines.map(line => JSON.parse(line).verb)
    assert.deepEqual(
      told.flatMap(({ items }) => items.map(({ verb }) => verb)),
      verbs,
    )
    assert.deepEqual(verbs.slice(-2), ['delete', 'delete'], 'what waited was told at the end')
    assert.deepEqual(
      server.log.entries.filter(({ name, level }) => name.includes('audit') && level === 'error'),
      [],
    )
  })
})

const kubeconfig = (server: string, ca: string) => `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "${server}", certificate-authority: "${ca}"}}]
users: [{name: kubox, user: {token: hush}}]
contexts: [{name: a, context: {cluster: a, user: kubox}}]
current-context: a
`
