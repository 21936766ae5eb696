import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { builtImage } from './index.ts'
import { type Registry, repositoriesOf, startRegistry } from './registry.ts'

const docker = (...args: string[]) => runChecked(systemProcesses, 'docker', args)

describe('the registry', () => {
  let registry: Registry

  before(async () => {
    registry = await startRegistry({ name: `registry-test-${process.pid}`, images: ['busybox', 'jimbae/http_go'] })
  })

  after(() => registry.stop())

  it('serves its images to a Docker Engine', async () => {
    const reference = `${registry.address}/jimbae/http_go:latest`
    await docker('pull', reference)
    const id = (await docker('image', 'inspect', '-f', '{{.Id}}', reference)).trim()
    await docker('rmi', reference)
    assert.equal(id, (await builtImage('jimbae/http_go')).id)
  })

  it('has no image that nobody pushed', async () => {
    await assert.rejects(docker('pull', `${registry.address}/nothing`), /not found|manifest unknown/)
  })
})

describe('repositoriesOf', () => {
  it('drops hosts and adds the place of official images', () => {
    assert.deepEqual(repositoriesOf('busybox'), [
      ['busybox', 'latest'],
      ['library/busybox', 'latest'],
    ])
    assert.deepEqual(repositoriesOf('jimbae/http_go'), [['jimbae/http_go', 'latest']])
    assert.deepEqual(repositoriesOf('jenkins:2.60.3')[0], ['jenkins', '2.60.3'])
  })
})
