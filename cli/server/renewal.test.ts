import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { YEAR } from '../../pki/authority.ts'
import { FakeClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import type { InitOptions } from '../init/master.ts'
import { prepareMaster } from '../init/prepare.ts'
import { systemTools, type Tools } from '../tools.ts'
import { renewCertificates } from './renewal.ts'

const OPTIONS: InitOptions = {
  advertiseAddress: '127.0.0.1',
  bindPort: 6443,
  nodeName: 'master',
  podNetworkCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
  dnsDomain: 'cluster.local',
  extraNames: ['kube.example'],
  failSwapOn: true,
  fixSwap: false,
  etcdClientPort: 2379,
  etcdPeerPort: 2380,
  kubeletPort: 10250,
  podNetwork: 'kubox',
}

describe('a master that boots', () => {
  let root: string
  let clock: FakeClock
  let tools: Tools

  const read = (path: string) => readFile(join(root, path), 'utf8')
  const serving = async () => new X509Certificate(await read('etc/kubernetes/pki/apiserver.crt'))
  const admin = async () => {
    const { credentials } = await readKubeconfig(systemDisk, join(root, 'etc/kubernetes/admin.conf'))
    return new X509Certificate(credentials.certificate!)
  }

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kubox-renewal-'))
    clock = new FakeClock()
    tools = { ...systemTools(root), clock, output: { line: () => {}, step: (_, work) => work(() => {}) } }
    await prepareMaster(OPTIONS, tools)
  })
  after(() => rm(root, { recursive: true }))

  it('leaves certificates alone that are good', async () => {
    const earlier = [await serving(), await admin()].map(certificate => certificate.fingerprint)
    await renewCertificates(tools, new MemoryLog())
    assert.deepEqual(
      [await serving(), await admin()].map(certificate => certificate.fingerprint),
      earlier,
    )
  })

  it('makes those anew that ran out while it slept, and nobody has to join again', async () => {
    const authority = await read('etc/kubernetes/pki/ca.crt')
    clock.advance(2 * YEAR)
    const log = new MemoryLog()
    await renewCertificates(tools, log)
    for (const certificate of [await serving(), await admin()])
      assert.ok(certificate.validToDate.getTime() > clock.now())
    const node = new X509Certificate(await read('var/lib/kubelet/pki/kubelet-client-current.pem'))
    assert.ok(node.validToDate.getTime() > clock.now())
    assert.equal(await read('etc/kubernetes/pki/ca.crt'), authority)
    assert.ok((await serving()).checkHost('kube.example'), 'a name that init was given is kept')
    assert.equal(log.entries.length, 2)
  })
})
