import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FlagReader } from '../flags.ts'
import { autoCompaction, ETCD_FLAGS, etcdConfig, parseCluster } from './config.ts'

const configOf = (flags: Record<string, string>) =>
  etcdConfig(new FlagReader(new Map(Object.entries(flags)), ETCD_FLAGS, 'kubox etcd'))

describe('etcdConfig', () => {
  it("has etcd's defaults", () => {
    const config = configOf({})
    assert.equal(config.dataDirectory, 'default.etcd')
    assert.deepEqual(config.listenClientUrls, ['http://localhost:2379'])
    assert.deepEqual(config.advertisePeerUrls, ['http://localhost:2380'])
    assert.deepEqual([config.join, config.clientTls, config.autoCompaction], [false, undefined, { mode: 'off' }])
  })

  it('reads what kubeadm gives an etcd', () => {
    const config = configOf({
      name: 'master1',
      'data-dir': '/var/lib/etcd',
      'listen-client-urls': 'https://127.0.0.1:2379,https://10.0.0.1:2379',
      'advertise-client-urls': 'https://10.0.0.1:2379',
      'initial-cluster': 'master1=https://10.0.0.1:2380,master2=https://10.0.0.2:2380',
      'initial-cluster-state': 'existing',
      'cert-file': 'server.crt',
      'key-file': 'server.key',
      'client-cert-auth': 'true',
      'trusted-ca-file': 'ca.crt',
      'snapshot-count': '10000',
    })
    assert.deepEqual(config.clientTls, {
      certFile: 'server.crt',
      keyFile: 'server.key',
      trustedCaFile: 'ca.crt',
      clientCertAuth: true,
    })
    assert.deepEqual(
      config.initialCluster!.map(member => member.name),
      ['master1', 'master2'],
    )
    assert.deepEqual([config.join, config.listenClientUrls.length], [true, 2])
  })

  const refused: [Record<string, string>, RegExp][] = [
    [{ 'initial-cluster-state': 'old' }, /must be new or existing/],
    [{ 'cert-file': 'a' }, /--cert-file and --key-file go together/],
    [{ 'peer-key-file': 'a' }, /--peer-cert-file and --peer-key-file go together/],
    [{ 'cert-file': 'a', 'key-file': 'b', 'client-cert-auth': 'true' }, /--client-cert-auth needs --trusted-ca-file/],
    [{ 'initial-cluster': 'https://a:2380' }, /must be NAME=URL/],
    [{ 'quota-backend-bytes': 'much' }, /must be a number/],
    [{ 'auto-compaction-retention': 'soon' }, /must be a duration/],
    [{ 'backup-dir': '/b', 'backup-keep': '0' }, /--backup-keep must be at least 1/],
    [{ 'data-dri': '/x' }, /unknown flag --data-dri/],
  ]
  for (const [flags, message] of refused) {
    it(`refuses ${JSON.stringify(flags)}`, () => assert.throws(() => configOf(flags), message))
  }
})

describe('autoCompaction', () => {
  const cases: [string | undefined, string | undefined, unknown][] = [
    [undefined, undefined, { mode: 'off' }],
    ['periodic', '1', { mode: 'periodic', retentionMs: 3_600_000 }],
    ['periodic', '5m', { mode: 'periodic', retentionMs: 300_000 }],
    ['revision', '1000', { mode: 'revision', retention: 1000 }],
  ]
  for (const [mode, retention, expected] of cases) {
    it(`${mode} ${retention}`, () => assert.deepEqual(autoCompaction(mode, retention), expected))
  }
})

describe('parseCluster', () => {
  it('gathers the addresses of a member under its name', () => {
    assert.deepEqual(parseCluster(['a=http://1:1', 'b=http://2:2', 'a=http://3:3']), [
      { name: 'a', peerUrls: ['http://1:1', 'http://3:3'] },
      { name: 'b', peerUrls: ['http://2:2'] },
    ])
  })
})
