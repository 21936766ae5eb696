import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { FakeRuntime } from '../fake/runtime.ts'
import type { ImageDetail, RegistryAuth } from '../runtime.ts'
import { pumped } from '../testing/drivers.ts'
import { imagesToRemove } from './collection.ts'
import { candidates, loginsOfSecret, parseConfig } from './credentials.ts'
import { Images } from './images.ts'
import { describeDuration, describeProgress } from './progress.ts'
import { Pulls } from './pulls.ts'
import { defaultPolicy, parseReference } from './reference.ts'

const REFERENCES: [string, string | undefined, string?][] = [
  ['busybox', 'docker.io library/busybox', 'Always'],
  ['busybox:1.36', 'docker.io library/busybox 1.36', 'IfNotPresent'],
  ['busybox:latest', 'docker.io library/busybox latest', 'Always'],
  ['team/web', 'docker.io team/web', 'Always'],
  ['localhost/web', 'localhost web', 'Always'],
  ['127.0.0.1:5000/a/b:v1', '127.0.0.1:5000 a/b v1', 'IfNotPresent'],
  ['k8s.gcr.io/busybox', 'k8s.gcr.io busybox', 'Always'],
  [`web@sha256:${'a'.repeat(64)}`, `docker.io library/web sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
  ['Upper', undefined],
  ['', undefined],
  ['a b', undefined],
  ['web:', undefined],
  ['/web', undefined],
  ['web@sha256:short', undefined],
]

describe('names of images', () => {
  for (const [text, expect, policy] of REFERENCES) {
    it(text || '(nothing)', () => {
      const found = parseReference(text)
      const parts = found && [found.registry, found.repository, found.tag, found.digest].filter(Boolean).join(' ')
      assert.equal(parts, expect)
      if (found) assert.equal(defaultPolicy(found), policy)
    })
  }
})

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')
const HUB = { 'https://index.docker.io/v1/': { auth: Buffer.from('me:pa:ss').toString('base64') } }
const LOCAL = {
  'registry:5000': { username: 'a', password: 'b' },
  'registry:5000/team': { username: 'c', password: 'd' },
}

describe('logins', () => {
  const names = (image: string, config: object) =>
    candidates(parseReference(image)!, [parseConfig(JSON.stringify(config))]).map(
      (auth: RegistryAuth | undefined) => auth?.username,
    )

  it('of the hub are used for names without registry', () => {
    assert.deepEqual(names('busybox', { auths: HUB }), ['me', undefined])
    assert.equal(candidates(parseReference('busybox')!, [{ auths: HUB }])[0]?.password, 'pa:ss')
  })
  it('are not shown to other registries', () => assert.deepEqual(names('quay.io/x', { auths: HUB }), [undefined]))
  it('of the narrower path come first', () =>
    assert.deepEqual(names('registry:5000/team/web', { auths: LOCAL }), ['c', 'a', undefined]))
  it('of another path are left out', () =>
    assert.deepEqual(names('registry:5000/teams/web', { auths: LOCAL }), ['a', undefined]))
  it('stand in secrets of both kinds', () => {
    assert.deepEqual(loginsOfSecret({ data: { '.dockerconfigjson': encoded({ auths: HUB }) } }), { auths: HUB })
    assert.deepEqual(loginsOfSecret({ data: { '.dockercfg': encoded(HUB) } }), { auths: HUB })
  })
  it('that nobody can read are none', () =>
    assert.deepEqual(loginsOfSecret({ data: { '.dockerconfigjson': 'eA==' } }), {}))
})

describe('the words of a pull', () => {
  const at = (currentBytes: number, stage = 'Downloading') => ({ currentBytes, totalBytes: 290e6, stage })
  it('say how much, how fast and how long', () => {
    assert.equal(describeProgress(at(112e6), 28_000), '112 of 290 MB, 4 MB/s, about 45 s left')
    assert.equal(describeProgress(at(1.5e6), 10_000), '1.5 of 290 MB, 150 kB/s, about 1924 s left')
    assert.equal(describeProgress(at(0), 0), '0 of 290 MB')
    assert.equal(describeProgress(at(290e6, 'Extracting'), 1), '290 MB are here, unpacking')
  })
  it('say durations as Kubernetes does', () => {
    assert.deepEqual([850, 1200, 63_500, 60_000].map(describeDuration), ['850ms', '1.2s', '1m3.5s', '1m0s'])
  })
})

let directory = ''
before(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), 'kubelet-images-'))
})
after(() => fs.rm(directory, { recursive: true, force: true }))

interface PolicyCase {
  title: string
  image: string
  policy?: string
  present?: Partial<ImageDetail>
  registry?: boolean
  says: string[]
  fails?: { reason: string; message: RegExp }
}

const PULLED = { digests: [`web@sha256:${'b'.repeat(64)}`] }

const POLICIES: PolicyCase[] = [
  { title: 'there', image: 'web:1', present: {}, says: ['Pulled: Container image "web:1" already present on machine'] },
  {
    title: 'not there',
    image: 'web:1',
    registry: true,
    says: [
      'Pulling: Pulling image "web:1"',
      'Pulled: Successfully pulled image "web:1" in 1s. Image size: 5000 bytes.',
    ],
  },
  {
    title: 'there, but asked for each time',
    image: 'web:latest',
    present: PULLED,
    registry: true,
    says: [
      'Pulling: Pulling image "web:latest"',
      'Pulled: Successfully pulled image "web:latest" in 1s. Image size: 5000 bytes.',
    ],
  },
  {
    title: 'never',
    image: 'web:1',
    policy: 'Never',
    registry: true,
    says: ['ErrImageNeverPull: Container image "web:1" is not present with pull policy of Never'],
    fails: { reason: 'ErrImageNeverPull', message: /pull policy of Never/ },
  },
  {
    title: 'nowhere',
    image: 'web:1',
    says: [
      'Pulling: Pulling image "web:1"',
      'Failed: Failed to pull image "web:1": manifest for web:1 not found: manifest unknown',
    ],
    fails: { reason: 'ErrImagePull', message: /manifest unknown/ },
  },
  {
    title: 'built here, and no registry has it',
    image: 'web:latest',
    present: {},
    says: [
      'Pulling: Pulling image "web:latest"',
      'BuiltHere: No registry gave it (manifest for web:latest not found: manifest unknown), but the image "web:latest" was built on this node: it is used as it is',
      'Pulled: Container image "web:latest" already present on machine',
    ],
  },
  {
    title: 'pulled once, and no registry has it any more',
    image: 'web:latest',
    present: PULLED,
    says: [
      'Pulling: Pulling image "web:latest"',
      'Failed: Failed to pull image "web:latest": manifest for web:latest not found: manifest unknown',
    ],
    fails: { reason: 'ErrImagePull', message: /manifest unknown/ },
  },
  {
    title: 'no name of an image',
    image: 'Web!',
    says: [
      'InspectFailed: Failed to apply default image tag "Web!": couldn\'t parse image name "Web!": invalid reference format',
    ],
    fails: { reason: 'InvalidImageName', message: /invalid reference format/ },
  },
]

function ensure(images: Images, image: string, said: string[], policy?: string): Promise<ImageDetail> {
  const tell = (_: string, reason: string, message: string) => void said.push(`${reason}: ${message}`)
  return images.ensure({ image, policy, logins: async () => [undefined], tell, signal: new AbortController().signal })
}

describe('an image before its container', () => {
  for (const { title, image, policy, present, registry, says, fails } of POLICIES) {
    it(title, async () => {
      const clock = new FakeClock()
      const runtime = new FakeRuntime(clock, { directory })
      if (present) runtime.addImage(image, present)
      if (registry) runtime.registry.set(image, { size: 5000, pullMs: 1000 })
      const said: string[] = []
      const found = pumped(clock, ensure(new Images(runtime, clock), image, said, policy))
      if (fails) await assert.rejects(found, fails)
      else await found
      assert.deepEqual(said, says)
    })
  }

  it('that was built here is not asked for again at the next restart', async () => {
    const clock = new FakeClock()
    const runtime = new FakeRuntime(clock, { directory })
    runtime.addImage('web')
    const images = new Images(runtime, clock)
    await pumped(clock, ensure(images, 'web', []))
    await pumped(clock, ensure(images, 'web', []))
    assert.equal(runtime.calls.filter(call => call.startsWith('pull')).length, 1)
  })

  it('tells how far it is every ten seconds', async () => {
    const clock = new FakeClock()
    const runtime = new FakeRuntime(clock, { directory })
    runtime.registry.set('big:1', { size: 100e6, pullMs: 50_000 })
    const said: string[] = []
    await pumped(clock, ensure(new Images(runtime, clock), 'big:1', said))
    const progress = said.filter(line => line.includes('MB/s'))
    assert.ok(progress.length >= 4, said.join('\n'))
    assert.equal(progress[0], 'Pulling: Pulling image "big:1": 20 of 100 MB, 2 MB/s, about 40 s left')
  })
})

describe('pulls', () => {
  const setUp = () => {
    const clock = new FakeClock()
    const runtime = new FakeRuntime(clock, { directory })
    for (const name of ['a:1', 'b:1', 'c:1', 'd:1']) runtime.registry.set(name, { size: 1, pullMs: 1000 })
    return { clock, runtime, pulls: new Pulls(runtime, 2) }
  }
  const signal = () => new AbortController().signal

  it('of one image are one, whoever asks', async () => {
    const { clock, runtime, pulls } = setUp()
    const both = Promise.all([
      pulls.pull('a:1', [undefined], () => {}, signal()),
      pulls.pull('a:1', [undefined], () => {}, signal()),
    ])
    await pumped(clock, both)
    assert.deepEqual(runtime.calls, ['pull a:1'])
  })

  it('are not more than so many at once', async () => {
    const { clock, runtime, pulls } = setUp()
    const all = Promise.all(['a:1', 'b:1', 'c:1', 'd:1'].map(name => pulls.pull(name, [undefined], () => {}, signal())))
    assert.deepEqual(runtime.calls, ['pull a:1', 'pull b:1'])
    await pumped(clock, all)
    assert.equal(runtime.calls.length, 4)
  })

  it('end when nobody waits any more', async () => {
    const { clock, runtime, pulls } = setUp()
    const gone = new AbortController()
    const pull = pulls.pull('a:1', [undefined], () => {}, gone.signal)
    gone.abort()
    await assert.rejects(pumped(clock, pull), /no longer wanted/)
    clock.advance(5000)
    assert.equal(runtime.localImages.has('a:1'), false)
  })

  it('try the next login when one is refused', async () => {
    const { clock, runtime, pulls } = setUp()
    runtime.registry.set('secret:1', { size: 1, pullMs: 1, login: { username: 'a', password: 'b' } })
    const logins = [{ username: 'x', password: 'y' }, { username: 'a', password: 'b' }, undefined]
    await pumped(
      clock,
      pulls.pull('secret:1', logins, () => {}, signal()),
    )
    assert.ok(runtime.localImages.has('secret:1'))
    await assert.rejects(
      pumped(
        clock,
        pulls.pull('secret:1', [undefined], () => {}, signal()),
      ),
      /pull access denied/,
    )
  })
})

const image = (id: string, size: number, more: Partial<ImageDetail> = {}): ImageDetail => ({
  ...{
    id,
    tags: [`${id}:1`],
    digests: [`${id}@sha256:1`],
    size,
    user: '',
    entrypoint: [],
    command: [],
    layers: [],
    createdAt: 0,
  },
  ...more,
})
const IMAGES = [
  image('old', 10),
  image('older', 10),
  image('used', 10),
  image('new', 10),
  image('mine', 10, { digests: [] }),
]
const RULES = { highPercent: 85, lowPercent: 80, minimumAgeMs: 120_000 }

const COLLECTIONS: { title: string; usedBytes: number; urgent?: boolean; expect: string[] }[] = [
  { title: 'nothing below the threshold', usedBytes: 84, expect: [] },
  { title: 'enough to get below the lower one, the longest unused first', usedBytes: 86, expect: ['older'] },
  { title: 'more where more is needed', usedBytes: 95, expect: ['older', 'old'] },
  { title: 'never what is in use, new or built here', usedBytes: 100, expect: ['older', 'old'] },
  { title: 'all there is when the disk is short', usedBytes: 10, urgent: true, expect: ['older', 'old'] },
]

describe('collecting images', () => {
  for (const { title, usedBytes, urgent = false, expect } of COLLECTIONS) {
    it(title, () => {
      const chosen = imagesToRemove({
        images: IMAGES,
        inUse: new Set(['used']),
        lastUsed: new Map([
          ['old', 2000],
          ['older', 1000],
          ['new', 999_000],
        ]),
        disk: { capacityBytes: 100, usedBytes },
        ...{ rules: RULES, urgent, now: 1_000_000 },
      })
      assert.deepEqual(
        chosen.map(one => one.id),
        expect,
      )
    })
  }
})
