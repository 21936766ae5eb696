import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { ETCD_VERSIONS, etcd, extraKubectls, kubectls } from './index.ts'

describe('peers', () => {
  it('has a kubectl of three ages', async () => {
    const found = await kubectls()
    assert.deepEqual(
      found.map(({ version }) => version),
      ['1.20', '1.32', '1.36'],
    )
  })

  for (const version of ETCD_VERSIONS) {
    it(`has etcd ${version} with its tools`, async () => {
      const programs = await etcd(version)
      const said = await runChecked(systemProcesses, programs.etcdctl, ['version'], { env: { ETCDCTL_API: '3' } })
      assert.match(said, new RegExp(`etcdctl version: ${version}`))
      assert.equal(programs.etcdutl !== undefined, !version.startsWith('3.4'))
    })
  }

  it('finds no extra kubectl where there is none', async () => {
    assert.deepEqual(await extraKubectls('/nonexistent'), [])
  })

  it('names each extra kubectl by its own version', async () => {
    for (const { version, path } of await extraKubectls()) assert.ok(path.endsWith(`kubectl.${version}`), path)
  })
})
