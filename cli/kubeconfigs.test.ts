import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { systemDisk } from '../platform/disk.ts'
import { DEFAULT_AGENT_CONFIG, parseAgentConfig, readAgentConfig, writeAgentConfig } from './config.ts'
import { unitOf } from './daemons/systemd.ts'
import { kubeconfigOf, writeKubeconfig } from './kubeconfigs.ts'
import { layoutUnder } from './layout.ts'
import { table } from './output.ts'

describe('files that init writes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubox-cli-'))
  after(() => rm(folder, { recursive: true }))

  it('a kubeconfig reads back as the user it was made for, and is kept to root', async () => {
    const path = join(folder, 'admin.conf')
    const request = {
      server: 'https://192.168.56.10:6443',
      authorityPem: 'CA',
      user: 'kubernetes-admin',
      certificate: { pem: 'CERT' },
      key: { pem: 'KEY' },
    }
    await writeKubeconfig(systemDisk, path, kubeconfigOf(request))
    const config = await readKubeconfig(systemDisk, path)
    assert.equal(config.server, 'https://192.168.56.10:6443')
    assert.equal(config.context, 'kubernetes-admin@kubernetes')
    assert.deepEqual(
      [config.credentials.ca, config.credentials.certificate, config.credentials.key],
      ['CA', 'CERT', 'KEY'],
    )
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  })

  it('the agent’s configuration reads back, defaults filled in', async () => {
    const layout = layoutUnder(folder)
    await writeAgentConfig(systemDisk, layout, { ...DEFAULT_AGENT_CONFIG, nodeName: 'w1', port: 10255 })
    const config = await readAgentConfig(systemDisk, layout)
    assert.equal(config.nodeName, 'w1')
    assert.equal(config.port, 10255)
    assert.equal(parseAgentConfig('nodeName: w1', 'x').maxPods, 110)
  })

  const refused: [string, RegExp][] = [
    ['nodeName: w1\nmaxpods: 3', /unknown field maxpods/],
    ['port: 1', /nodeName is required/],
    ['nodeName: w1\nnodeIp: somewhere', /not an IP address/],
  ]
  for (const [text, message] of refused) {
    it(`the agent’s configuration is refused: ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseAgentConfig(text, '/x'), message))
  }
})

it('a unit starts the command at every boot, for as often as it takes', () => {
  const unit = unitOf({
    name: 'kubox-agent',
    description: 'kubox node agent',
    command: ['/opt/my kubox/kubox', 'agent'],
  })
  assert.match(unit, /ExecStart="\/opt\/my kubox\/kubox" agent\n/)
  assert.match(unit, /Restart=always/)
  assert.match(unit, /StartLimitIntervalSec=0/)
})

it('a table has columns as wide as their widest cell', () => {
  assert.equal(
    table([
      ['NAME', 'AGE'],
      ['hello-world', '3s'],
    ]),
    'NAME          AGE\nhello-world   3s',
  )
})
