import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FakeClock } from '../platform/clock.ts'
import { systemDisk } from '../platform/disk.ts'
import { systemRandom } from '../platform/random.ts'
import { Authority, createAuthority, DAY, YEAR } from './authority.ts'
import { isDueForRenewal } from './certificate.ts'
import { ensureClusterPki, type MasterIdentity } from './cluster.ts'
import { createSigningRequest, parseSigningRequest } from './csr.ts'
import { generateKey, publicKeyHash } from './keys.ts'
import { fromPem, toPem } from './pem.ts'

const clock = new FakeClock()
const authority = new Authority(createAuthority('kubernetes', clock, systemRandom), clock, systemRandom)

describe('an authority', () => {
  it('signs certificates that chain to it and carry what was asked for', () => {
    const pair = authority.issue({
      subject: { commonName: 'system:node:worker1', organizations: ['system:nodes', 'second'] },
      usage: 'server and client',
      dnsNames: ['worker1'],
      ipAddresses: ['192.168.56.11', 'fd00::1:2', '::ffff:1.2.3.4'],
    })
    const certificate = new X509Certificate(pair.certificate)
    assert.ok(certificate.verify(authority.certificate.publicKey))
    assert.ok(certificate.checkIssued(authority.certificate))
    assert.equal(certificate.subject, 'O=system:nodes\nO=second\nCN=system:node:worker1')
    assert.ok(certificate.checkHost('worker1'))
    for (const address of ['192.168.56.11', 'fd00::1:2', '::ffff:1.2.3.4'])
      assert.ok(certificate.checkIP(address), address)
    assert.equal(certificate.checkIP('10.0.2.15'), undefined)
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    assert.equal(certificate.ca, false)
    assert.equal(authority.certificate.ca, true)
  })

  it('never signs for longer than it lives itself, and is valid for clocks that lag an hour', () => {
    const pair = authority.issue({ subject: { commonName: 'x' }, usage: 'client', validForMs: 20 * YEAR })
    const certificate = new X509Certificate(pair.certificate)
    assert.equal(certificate.validToDate.getTime(), authority.certificate.validToDate.getTime())
    assert.equal(certificate.validFromDate.getTime(), clock.now() - 3_600_000)
  })

  it('refuses a key that is not its own', () => {
    const other = createAuthority('other', clock, systemRandom)
    const mixed = { certificate: authority.certificatePem, key: other.key }
    assert.throws(() => new Authority(mixed, clock, systemRandom), /does not belong to its certificate/)
  })
})

describe('a signing request', () => {
  const key = generateKey()
  const subject = { commonName: 'system:node:w1', organizations: ['system:nodes'] }

  it('comes back as it was made', () => {
    const pem = createSigningRequest(key, subject, { dnsNames: ['w1'], ipAddresses: ['192.168.56.12'] })
    const parsed = parseSigningRequest(pem)
    assert.deepEqual(parsed.subject, subject)
    assert.deepEqual([parsed.dnsNames, parsed.ipAddresses, parsed.otherNames], [['w1'], ['192.168.56.12'], 0])
    assert.equal(publicKeyHash(parsed.publicKey), publicKeyHash(key))
  })

  it('may ask for no names at all', () => {
    assert.deepEqual(parseSigningRequest(createSigningRequest(key, subject)).dnsNames, [])
  })

  const good = createSigningRequest(key, subject)
  const der = fromPem('CERTIFICATE REQUEST', good)[0]!
  const tampered = Buffer.from(der)
  tampered[der.indexOf('system:node:w1') + 12] = 'x'.charCodeAt(0)
  const cases: [string, string, RegExp][] = [
    ['another kind of PEM', toPem('CERTIFICATE', der), /PEM block type must be CERTIFICATE REQUEST/],
    ['no PEM at all', 'hello', /PEM block type/],
    ['a changed subject', toPem('CERTIFICATE REQUEST', tampered), /not signed by its own key/],
    ['a truncated body', toPem('CERTIFICATE REQUEST', der.subarray(0, 40)), /longer than its container/],
    ['an empty sequence', toPem('CERTIFICATE REQUEST', Buffer.from([0x30, 0])), /incomplete/],
  ]
  for (const [name, pem, message] of cases) {
    it(`is refused: ${name}`, () => assert.throws(() => parseSigningRequest(pem), message))
  }
})

describe('renewal', () => {
  const issued = new X509Certificate(authority.issue({ subject: { commonName: 'x' }, usage: 'client' }).certificate)
  const start = clock.now()
  const cases: [string, number, boolean][] = [
    ['fresh', start, false],
    ['half way', start + YEAR / 2, false],
    ['past seventy percent', start + YEAR * 0.75, true],
    ['expired', start + YEAR + DAY, true],
    ['clock before its start', start - DAY, true],
  ]
  for (const [name, now, due] of cases) it(name, () => assert.equal(isDueForRenewal(issued, now), due))
})

describe('the files of a master', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kubox-pki-'))
  after(() => rm(directory, { recursive: true }))
  const tools = { disk: systemDisk, clock, random: systemRandom }
  const master: MasterIdentity = {
    nodeName: 'Master',
    addresses: ['192.168.56.10'],
    extraNames: [],
    serviceAddress: '10.96.0.1',
    dnsDomain: 'cluster.local',
  }

  it('are made once and then kept', async () => {
    const first = await ensureClusterPki(directory, master, tools)
    const second = await ensureClusterPki(directory, master, tools)
    assert.equal(second.authority.publicKeyHash, first.authority.publicKeyHash)
    assert.equal(second.apiserver.certificate, first.apiserver.certificate)
    assert.equal(second.etcdServer.certificate, first.etcdServer.certificate)
    assert.equal(second.serviceAccountKey, first.serviceAccountKey)
  })

  it('follow a new address without touching the authorities', async () => {
    const before = await ensureClusterPki(directory, master, tools)
    const moved = await ensureClusterPki(directory, { ...master, addresses: ['192.168.56.99'] }, tools)
    assert.equal(moved.authority.publicKeyHash, before.authority.publicKeyHash)
    assert.ok(new X509Certificate(moved.apiserver.certificate).checkIP('192.168.56.99'))
    assert.equal(moved.apiserverKubeletClient.certificate, before.apiserverKubeletClient.certificate)
  })

  it('are renewed when the VM slept for a year', async () => {
    const late = new FakeClock(clock.now() + YEAR)
    const pki = await ensureClusterPki(directory, master, { ...tools, clock: late })
    assert.equal(isDueForRenewal(new X509Certificate(pki.apiserver.certificate), late.now()), false)
  })

  it('keep their keys to root', async () => {
    for (const name of ['ca.key', 'sa.key', 'apiserver.key', 'etcd/ca.key', 'etcd/server.key']) {
      assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600, name)
    }
    assert.match(await readFile(join(directory, 'sa.pub'), 'utf8'), /BEGIN PUBLIC KEY/)
  })
})
