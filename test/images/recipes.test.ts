import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ImageName, imageConfig, referencesOf } from './recipes.ts'

describe('recipes', () => {
  const cases: [ImageName, string[]][] = [
    ['web', ['web:latest']],
    ['jenkins:2.60.3', ['jenkins:2.60.3']],
    ['busybox', ['busybox:latest', 'k8s.gcr.io/busybox:latest', 'registry.k8s.io/busybox:latest']],
  ]
  for (const [name, references] of cases) {
    it(`${name} is known as ${references.join(', ')}`, () => assert.deepEqual(referencesOf(name), references))
  }

  it('writes the configuration that Docker reads', () => {
    const config = JSON.parse(imageConfig('jenkins:2.60.3', ['sha256:a', 'sha256:b'], 'amd64'))
    assert.deepEqual(config.rootfs, { type: 'layers', diff_ids: ['sha256:a', 'sha256:b'] })
    assert.deepEqual(config.config.Cmd, ['jenkins'])
    assert.deepEqual(config.config.ExposedPorts, { '8080/tcp': {}, '50000/tcp': {} })
    assert.deepEqual(config.config.Volumes, { '/var/jenkins_home': {} })
  })
})
