import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemDisk } from '../platform/disk.ts'
import { readKubeconfig, renderKubeconfig } from './kubeconfig.ts'

const FILES = `
apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: c
  cluster: { server: "https://10.0.0.1:6443", certificate-authority: ca.crt, tls-server-name: kubernetes }
users:
- name: u
  user: { client-certificate: pki/u.crt, client-key: pki/u.key, tokenFile: token }
- name: plugin
  user: { exec: { command: aws } }
contexts:
- name: lab
  context: { cluster: c, user: u, namespace: team }
- name: plugin
  context: { cluster: c, user: plugin }
- name: torn
  context: { cluster: nowhere }
`

describe('readKubeconfig', () => {
  let folder: string
  before(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), 'client-test-'))
    await fs.mkdir(join(folder, 'pki'))
    await fs.writeFile(join(folder, 'config'), FILES)
    await fs.writeFile(join(folder, 'ca.crt'), 'CA')
    await fs.writeFile(join(folder, 'pki/u.crt'), 'CERT')
    await fs.writeFile(join(folder, 'pki/u.key'), 'KEY')
    await fs.writeFile(join(folder, 'token'), 'secret\n')
    await fs.writeFile(join(folder, 'broken'), 'a: [')
    await fs.writeFile(join(folder, 'empty'), '')
  })
  after(() => fs.rm(folder, { recursive: true }))

  it('reads files beside it', async () => {
    assert.deepEqual(await readKubeconfig(systemDisk, join(folder, 'config')), {
      server: 'https://10.0.0.1:6443',
      context: 'lab',
      namespace: 'team',
      credentials: {
        ca: 'CA',
        certificate: 'CERT',
        key: 'KEY',
        token: 'secret',
        serverName: 'kubernetes',
        insecure: undefined,
      },
    })
  })

  it('reads what renderKubeconfig wrote', async () => {
    const credentials = { ca: 'CA\n', certificate: 'CERT\n', key: 'KEY\n' }
    const text = renderKubeconfig({ cluster: 'kubox', user: 'admin', server: 'https://m:6443', credentials })
    await fs.writeFile(join(folder, 'rendered'), text)
    const config = await readKubeconfig(systemDisk, join(folder, 'rendered'))
    assert.equal(config.context, 'admin@kubox')
    assert.equal(config.server, 'https://m:6443')
    assert.deepEqual(
      { ...config.credentials },
      { ...credentials, token: undefined, serverName: undefined, insecure: undefined },
    )
  })

  const refusals: [string, string, string | undefined, RegExp][] = [
    ['a file that is not there', 'nothing', undefined, /there is no kubeconfig at .*nothing/],
    ['a file that is no YAML', 'broken', undefined, /broken is not YAML/],
    ['an empty file', 'empty', undefined, /the input is empty/],
    ['an unknown context', 'config', 'home', /has no context named home/],
    ['an unknown cluster', 'config', 'torn', /has no cluster named nowhere/],
    ['a credential plugin', 'config', 'plugin', /credential plugin/],
  ]
  for (const [name, file, context, expected] of refusals) {
    it(`refuses ${name}`, () => assert.rejects(readKubeconfig(systemDisk, join(folder, file), context), expected))
  }
})
