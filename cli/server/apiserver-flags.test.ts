import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { generateKey, privateKeyPem } from '../../pki/keys.ts'
import { FakeClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { seededRandom } from '../../platform/random.ts'
import { FlagReader } from '../flags.ts'
import { APISERVER_FLAGS, ApiserverFlags } from './apiserver-flags.ts'

describe('the flags of kube-apiserver', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubox-flags-'))
  after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'file')
  await writeFile(file, privateKeyPem(generateKey()))

  const needed = {
    'client-ca-file': file,
    'tls-cert-file': file,
    'tls-private-key-file': file,
    'kubelet-client-certificate': file,
    'kubelet-client-key': file,
    'service-account-signing-key-file': file,
  }
  const read = (extra: Record<string, string>) => {
    const flags = new Map(Object.entries({ ...needed, ...extra }))
    return new ApiserverFlags(new FlagReader(flags, APISERVER_FLAGS, 'kube-apiserver.yaml'), systemDisk)
  }
  const around = { random: seededRandom(1), clock: new FakeClock(), log: new MemoryLog() }
  const options = (extra: Record<string, string> = {}) => read(extra).options(around)

  it('become options, with Kubernetes’ defaults', async () => {
    const found = await options({
      'advertise-address': '192.168.56.10',
      'authorization-mode': 'Node,RBAC',
      'event-ttl': '2h',
      'etcd-compaction-interval': '10m',
    })
    assert.equal(found.advertiseAddress, '192.168.56.10:6443')
    assert.deepEqual(found.authorization, ['Node', 'RBAC'])
    assert.deepEqual([found.eventTtlSeconds, found.compactionIntervalMs], [7200, 600_000])
    assert.equal(found.serviceAccounts.issuer, 'https://kubernetes.default.svc.cluster.local')
    assert.deepEqual(found.authentication?.requestHeader?.usernameHeaders, ['x-remote-user'])
    assert.equal(found.audit, undefined)
    assert.equal((await read({}).listen()).port, 6443)
  })

  it('of an identity provider go together', async () => {
    const oidc = {
      'oidc-issuer-url': 'https://id.example',
      'oidc-client-id': 'kubox',
      'oidc-required-claim': 'hd=example.com',
    }
    const found = (await options(oidc)).authentication?.oidc
    assert.equal(found?.clientId, 'kubox')
    assert.deepEqual(found?.requiredClaims, { hd: 'example.com' })
  })

  it('name services that know users and rights, by kubeconfigs', async () => {
    const kubeconfig = join(folder, 'webhook.yaml')
    await writeFile(kubeconfig, WEBHOOK_CONFIG)
    const found = await options({
      'authorization-mode': 'Node,RBAC,Webhook,ABAC',
      'authorization-policy-file': kubeconfig,
      'authorization-webhook-config-file': kubeconfig,
      'authorization-webhook-version': 'v1',
      'authorization-webhook-cache-authorized-ttl': '1m',
      'authentication-token-webhook-config-file': kubeconfig,
      'authentication-token-webhook-cache-ttl': '0s',
    })
    const { url, token, version, yesGoodMs, caBundle } = found.authorizationWebhook!
    assert.deepEqual([url, token, version, yesGoodMs], ['https://rights.example/authorize', 'hush', 'v1', 60_000])
    assert.equal(Buffer.from(caBundle!, 'base64').toString(), 'PEM')
    const { version: older, yesGoodMs: never } = found.authentication!.tokenWebhook!
    assert.deepEqual([older, never], ['v1beta1', 0])
    assert.equal(found.authorizationPolicy, WEBHOOK_CONFIG)
  })

  const structured = (file: string, type = 'KubeConfigFile') =>
    JSON.stringify({
      ...{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration' },
      authorizers: [
        {
          ...{ type: 'Webhook', name: 'rights' },
          webhook: {
            ...{ timeout: '3s', subjectAccessReviewVersion: 'v1', failurePolicy: 'Deny' },
            connectionInfo: { type, kubeConfigFile: file },
          },
        },
        { type: 'RBAC', name: 'rbac' },
      ],
    })

  it('name authorizers in a file of their own', async () => {
    const [kubeconfig, config] = [join(folder, 'rights.yaml'), join(folder, 'authorization.yaml')]
    await writeFile(kubeconfig, WEBHOOK_CONFIG)
    await writeFile(config, structured(kubeconfig))
    const [webhook, mode] = (await options({ 'authorization-config': config })).authorization!
    assert.ok(typeof webhook === 'object')
    const { url, token, name, timeoutMs, onFailure } = webhook
    const expected = ['https://rights.example/authorize', 'hush', 'rights', 3000, 'Deny']
    assert.deepEqual([url, token, name, timeoutMs, onFailure, mode], [...expected, 'RBAC'])
  })

  it('name files that may change while the server runs', async () => {
    const [kubeconfig, config] = [join(folder, 'rights.yaml'), join(folder, 'changing.yaml')]
    const secrets = join(folder, 'encryption.yaml')
    await writeFile(kubeconfig, WEBHOOK_CONFIG)
    await writeFile(config, structured(kubeconfig))
    await writeFile(secrets, '{resources: [{resources: [secrets], providers: [{identity: {}}]}]}')
    const encryption = { 'encryption-provider-config': secrets }
    assert.deepEqual((await options(encryption)).watchedFiles, [])
    const { watchedFiles } = await options({
      ...{ ...encryption, 'encryption-provider-config-automatic-reload': 'true', 'authorization-config': config },
    })
    const [rights, keys] = watchedFiles!
    assert.deepEqual([rights!.subject, keys!.subject], ['authorization', 'encryption'])
    await writeFile(config, structured(kubeconfig).replaceAll('"Deny"', '"NoOpinion"'))
    const used: unknown[] = []
    const server = { useAuthorizers: (list: unknown) => void used.push(list) }
    await rights!.use(await rights!.read(), server)
    assert.equal((used as { onFailure: string }[][])[0]![0]!.onFailure, 'NoOpinion')
    await assert.rejects(async () => rights!.use('{}', server), /kind: Unsupported value/)
    await assert.rejects(async () => keys!.use('{}', server), /resources: Required value/)
    await keys!.use(await keys!.read(), server)
    await rm(config)
    await assert.rejects(rights!.read(), /changing.yaml cannot be read/)
  })

  it('refuse such a file where it is wrong, or comes with other flags', async () => {
    const config = join(folder, 'wrong.yaml')
    await writeFile(config, structured('/nowhere', 'InClusterConfig'))
    const flag = { 'authorization-config': config }
    await assert.rejects(options(flag), /wrong.yaml: authorizers\[0\].webhook.connectionInfo.type: Unsupported value/)
    await writeFile(config, structured('/nowhere'))
    await assert.rejects(options(flag), /no kubeconfig at \/nowhere/)
    await writeFile(config, '{')
    await assert.rejects(options(flag), /--authorization-config=.*wrong.yaml cannot be read/)
    await assert.rejects(options({ ...flag, 'authorization-mode': 'RBAC' }), /together with --authorization-mode/)
  })

  const refused: [string, Record<string, string>, RegExp][] = [
    ['a file that is not there', { 'client-ca-file': '/nowhere' }, /--client-ca-file=\/nowhere cannot be read/],
    ['a port range that is none', { 'service-node-port-range': '5' }, /must be FIRST-LAST/],
    ['a port range that ends before it begins', { 'service-node-port-range': '9-5' }, /must be FIRST-LAST/],
    ['an issuer without a client', { 'oidc-issuer-url': 'https://id.example' }, /go together/],
    [
      'a claim without a value',
      { 'oidc-issuer-url': 'x', 'oidc-client-id': 'y', 'oidc-required-claim': 'hd' },
      /name=value/,
    ],
    [
      'a webhook whose file is not there',
      { 'authorization-webhook-config-file': '/nowhere' },
      /no kubeconfig at \/nowhere/,
    ],
    [
      'a version of reviews that is none',
      { 'authorization-webhook-config-file': file, 'authorization-webhook-version': 'v2' },
      /must be v1 or v1beta1/,
    ],
  ]
  for (const [name, extra, message] of refused)
    it(`are refused: ${name}`, () => assert.rejects(options(extra), message))

  it('name what is missing', async () => {
    const flags = new Map(Object.entries(needed).filter(([name]) => name !== 'tls-cert-file'))
    const reader = new ApiserverFlags(new FlagReader(flags, APISERVER_FLAGS, 'x'), systemDisk)
    await assert.rejects(reader.listen(), /kube-apiserver needs --tls-cert-file/)
  })
})

const WEBHOOK_CONFIG = `apiVersion: v1
kind: Config
clusters:
- name: rights
  cluster: {server: https://rights.example/authorize, certificate-authority-data: ${Buffer.from('PEM').toString('base64')}}
users:
- name: kubox
  user: {token: hush}
contexts:
- name: rights
  context: {cluster: rights, user: kubox}
current-context: rights
`
