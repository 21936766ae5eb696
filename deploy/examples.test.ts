import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { loadAll } from 'js-yaml'

const FOLDER = new URL('./examples/', import.meta.url)

describe('deploy/examples', () => {
  const readme = readFileSync(new URL('README.md', FOLDER), 'utf8')
  const manifests = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))

  it('has manifests', () => assert.ok(manifests.length >= 5))

  for (const name of manifests) {
    it(`${name} is explained, and whole`, () => {
      assert.ok(readme.includes(`](${name})`), `README.md does not explain ${name}`)
      for (const item of loadAll(readFileSync(new URL(name, FOLDER), 'utf8'))) {
        const { apiVersion, kind, metadata } = item as { apiVersion: string; kind: string; metadata: { name: string } }
        assert.ok(apiVersion && kind && metadata.name)
      }
    })
  }
})
