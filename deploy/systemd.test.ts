import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Daemon, DaemonName } from '../cli/daemons/daemons.ts'
import { unitOf } from '../cli/daemons/systemd.ts'

const DAEMONS: Record<DaemonName, Omit<Daemon, 'name'>> = {
  'kubox-server': { description: 'kubox control plane', command: ['/usr/local/bin/kubox', 'server'] },
  'kubox-agent': { description: 'kubox node agent', command: ['/usr/local/bin/kubox', 'agent'] },
}

/** `kubox init` writes units by itself; those in deploy/ are for who installs by hand, and must not differ. */
describe('deploy/systemd', () => {
  for (const [name, daemon] of Object.entries(DAEMONS)) {
    it(`${name}.service is what kubox init writes`, () => {
      const file = readFileSync(new URL(`./systemd/${name}.service`, import.meta.url), 'utf8')
      assert.equal(file, unitOf({ name: name as DaemonName, ...daemon }))
    })
  }
})
