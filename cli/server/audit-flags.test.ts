import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { FlagReader } from '../flags.ts'
import { AUDIT_FLAGS, auditOptions } from './audit-flags.ts'

const POLICY = 'rules: [{level: Metadata}]'

describe('the flags of the audit log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubox-audit-flags-'))
  after(() => rm(folder, { recursive: true }))
  const kubeconfig = join(folder, 'webhook.yaml')
  await writeFile(kubeconfig, WEBHOOK)
  const path = join(folder, 'logs', 'audit.log')
  const around = { disk: systemDisk, clock: new FakeClock(), log: new MemoryLog() }
  const options = (flags: Record<string, string>, policy = POLICY) =>
    auditOptions(new FlagReader(new Map(Object.entries(flags)), AUDIT_FLAGS, 'x.yaml'), policy, around)

  it('name a file that is rotated', async () => {
    const { log, webhook, policy } = (await options({
      'audit-log-path': path,
      'audit-log-maxsize': '1',
      'audit-log-maxbackup': '2',
      'audit-log-format': 'legacy',
      'audit-log-mode': 'batch',
    }))!
    log!.write('one')
    await log!.close!()
    assert.equal(await readFile(path, 'utf8'), 'one\n')
    assert.deepEqual([log!.format, log!.delivery, webhook], ['legacy', { mode: 'batch' }, undefined])
    assert.deepEqual(policy, { rules: [{ level: 'Metadata' }] })
  })

  it('name a webhook by a kubeconfig', async () => {
    const { log, webhook } = (await options({
      'audit-webhook-config-file': kubeconfig,
      'audit-webhook-mode': 'blocking-strict',
      'audit-webhook-version': 'audit.k8s.io/v1',
      'audit-webhook-initial-backoff': '2s',
      'audit-webhook-batch-max-size': '10',
      'audit-webhook-batch-max-wait': '5s',
      'audit-webhook-batch-buffer-size': '100',
      'audit-webhook-batch-throttle-qps': '10',
    }))!
    const { url, token } = webhook!.target
    assert.deepEqual(
      [log, url, token, webhook!.initialBackoffMs],
      [...[undefined, 'https://audit.example/events', 'hush', 2000]],
    )
    assert.deepEqual(webhook!.delivery, { mode: 'blocking-strict', bufferSize: 100, maxSize: 10, maxWaitMs: 5000 })
  })

  it('say nothing without a policy', async () => {
    const flags = new FlagReader(new Map([['audit-log-path', path]]), AUDIT_FLAGS, 'x.yaml')
    assert.equal(await auditOptions(flags, undefined, around), undefined)
  })

  const refused: [string, Record<string, string>, RegExp][] = [
    ['a policy without a sink', {}, /needs --audit-log-path or --audit-webhook-config-file/],
    [
      'a mode that is none',
      { 'audit-log-mode': 'x' },
      /--audit-log-mode=x must be batch or blocking or blocking-strict/,
    ],
    ['a format that is none', { 'audit-log-format': 'xml' }, /must be json or legacy/],
    ['an older version', { 'audit-webhook-version': 'audit.k8s.io/v1beta1' }, /must be audit.k8s.io\/v1$/],
    ['a size below zero', { 'audit-log-maxsize': '-1' }, /must be a whole number from 0 on/],
    ['half a file', { 'audit-log-maxbackup': '0.5' }, /must be a whole number/],
    ['no buffer', { 'audit-webhook-batch-buffer-size': '0' }, /must be a whole number from 1 on/],
    [
      'a batch larger than its buffer',
      { 'audit-webhook-batch-buffer-size': '5', 'audit-webhook-batch-max-size': '6' },
      /must not be more than --audit-webhook-batch-buffer-size/,
    ],
    ['a kubeconfig that is not there', { 'audit-webhook-config-file': '/nowhere' }, /no kubeconfig at \/nowhere/],
    ['a place that cannot be written', { 'audit-log-path': `${kubeconfig}/x/audit.log` }, /cannot be written/],
    [
      'a limit that kubox has not',
      { 'audit-log-truncate-enabled': 'true' },
      /unknown flag --audit-log-truncate-enabled/,
    ],
  ]
  for (const [name, flags, message] of refused)
    it(`refuse ${name}`, () => assert.rejects(async () => options(flags), message))
})

const WEBHOOK = `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: https://audit.example/events}}]
users: [{name: kubox, user: {token: hush}}]
contexts: [{name: a, context: {cluster: a, user: kubox}}]
current-context: a
`
