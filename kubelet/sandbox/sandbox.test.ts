import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import * as fs from 'node:fs/promises'
import { arch, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { sleep, systemClock } from '../../platform/clock.ts'
import { systemProcesses } from '../../platform/processes.ts'
import { sandboxProgram } from './elf.ts'
import { imageArchitecture, SANDBOX_IMAGE, sandboxArchive } from './image.ts'
import { packTar } from './tar.ts'

describe('the sandbox program', () => {
  it('is a program for the machine it is for', () => {
    const machines = (['amd64', 'arm64'] as const).map(one => Buffer.from(sandboxProgram(one)).readUInt16LE(18))
    assert.deepEqual(machines, [62, 183])
  })

  it('waits, and ends well on SIGTERM', {
    skip: !['x64', 'arm64'].includes(arch()) && 'no program for this machine',
  }, async () => {
    const folder = await fs.mkdtemp(join(tmpdir(), 'kubelet-sandbox-'))
    const path = join(folder, 'sandbox')
    await fs.writeFile(path, sandboxProgram(imageArchitecture(arch() === 'x64' ? 'amd64' : 'arm64')), { mode: 0o755 })
    const child = spawn(path)
    const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve(code ?? signal)))
    // It sleeps only where it waits for the signal.
    const asleep = async () => {
      const status = await fs.readFile(`/proc/${child.pid}/status`, 'utf8')
      return /^Name:\s+sandbox$/m.test(status) && /^State:\s+S/m.test(status)
    }
    for (let tries = 0; !(await asleep()); tries++) {
      assert.ok(tries < 500, 'it does not wait')
      await sleep(systemClock, 10)
    }
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
    await fs.rm(folder, { recursive: true })
  })
})

describe('archives', () => {
  it('are read by tar', async () => {
    const archive = packTar([
      { name: 'a', data: Buffer.from('hello'), mode: 0o755 },
      { name: 'b', data: Buffer.alloc(512) },
    ])
    const { stdout, stderr } = await systemProcesses.run('tar', ['-tvf', '-'], { input: archive })
    assert.equal(stderr, '')
    assert.match(stdout, /^-rwxr-xr-x \S+\s+5 \S+ \S+ a\n-rw-r--r-- \S+\s+512 \S+ \S+ b\n$/)
  })

  it('of the image are the same each time, and name it', async () => {
    const archive = sandboxArchive('amd64')
    assert.ok(archive.equals(sandboxArchive('amd64')))
    assert.ok(archive.includes(SANDBOX_IMAGE))
  })

  it('are made for two kinds of machines', () => {
    assert.deepEqual(['x86_64', 'aarch64', 'amd64', 'arm64'].map(imageArchitecture), [
      'amd64',
      'arm64',
      'amd64',
      'arm64',
    ])
    assert.throws(() => imageArchitecture('s390x'), /no sandbox program for s390x/)
  })
})
