import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Container, Volume } from '../../api/types/core-v1.ts'
import { FakeClock } from '../../platform/clock.ts'
import { FakeApi } from '../testing/api.ts'
import { podWith } from '../testing/pictures.ts'
import { type Payload, writePayload } from './atomic.ts'
import { Claims } from './claims.ts'
import { prepareHostPath } from './host-path.ts'
import { ImageVolumes } from './image-volumes.ts'
import { resolveSubPath } from './sub-path.ts'
import { Tokens } from './tokens.ts'
import { Volumes } from './volumes.ts'

let root = ''
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'kubelet-volume-'))
})
afterEach(() => fs.rm(root, { recursive: true, force: true }))

function files(entries: Record<string, string>, mode = 0o644): Payload {
  return new Map(Object.entries(entries).map(([path, text]) => [path, { data: Buffer.from(text), mode }]))
}

describe('files that change all at once', () => {
  it('are read through links', async () => {
    await writePayload(root, files({ a: '1', 'sub/b': '2' }), 'one')
    assert.equal(await fs.readFile(join(root, 'a'), 'utf8'), '1')
    assert.equal(await fs.readFile(join(root, 'sub/b'), 'utf8'), '2')
    assert.equal(await fs.readlink(join(root, 'a')), '..data/a')
  })

  it('are replaced by one rename, and what is old goes', async () => {
    await writePayload(root, files({ a: '1', b: '2' }), 'one')
    assert.equal(await writePayload(root, files({ a: '3', c: '4' }), 'two'), true)
    assert.deepEqual((await fs.readdir(root)).filter(name => !name.startsWith('..')).sort(), ['a', 'c'])
    assert.equal(await fs.readFile(join(root, 'a'), 'utf8'), '3')
    assert.equal((await fs.readdir(root)).filter(name => name.startsWith('..two')).length, 1)
    assert.equal((await fs.readdir(root)).filter(name => name.startsWith('..one')).length, 0)
  })

  it('are left alone when they are the same', async () => {
    await writePayload(root, files({ a: '1' }), 'one')
    const before = await fs.readlink(join(root, '..data'))
    assert.equal(await writePayload(root, files({ a: '1' }), 'two'), false)
    assert.equal(await fs.readlink(join(root, '..data')), before)
  })

  it('have their modes, and are readable for the group where there is one', async () => {
    await writePayload(root, files({ a: '1' }, 0o400), 'one')
    assert.equal((await fs.stat(join(root, 'a'))).mode & 0o777, 0o400)
    if (process.getuid?.() !== 0) return
    await writePayload(join(root, 'g'), files({ a: '1' }, 0o400), 'one', 1234)
    const { mode, gid } = await fs.stat(join(root, 'g/a'))
    assert.deepEqual([mode & 0o777, gid], [0o440, 1234])
  })
})

const HOST_PATHS: { title: string; path: string; type: string; says?: RegExp }[] = [
  { title: 'anything', path: 'file', type: '' },
  { title: 'anything, made as a folder', path: 'new', type: '' },
  { title: 'a folder', path: 'folder', type: 'Directory' },
  { title: 'a folder that is a file', path: 'file', type: 'Directory', says: /file is not a directory/ },
  { title: 'a folder that is not there', path: 'none', type: 'Directory', says: /none is not a directory/ },
  { title: 'a folder, made', path: 'deep/new', type: 'DirectoryOrCreate' },
  { title: 'a file', path: 'file', type: 'File' },
  { title: 'a file, made', path: 'deep/file', type: 'FileOrCreate' },
  { title: 'a file that is a folder', path: 'folder', type: 'FileOrCreate', says: /folder is not a file/ },
  { title: 'a socket that is a file', path: 'file', type: 'Socket', says: /file is not a socket file/ },
  { title: 'a device that is a file', path: 'file', type: 'CharDevice', says: /file is not a character device/ },
  { title: 'a type that is not one', path: 'file', type: 'Door', says: /type Door is not known/ },
]

describe('a path of the node', () => {
  for (const { title, path, type, says } of HOST_PATHS) {
    it(title, async () => {
      await fs.writeFile(join(root, 'file'), '')
      await fs.mkdir(join(root, 'folder'))
      const prepared = prepareHostPath(join(root, path), type)
      if (says) await assert.rejects(prepared, says)
      else {
        await prepared
        await fs.stat(join(root, path))
      }
    })
  }
})

const SUB_PATHS: { title: string; path: string; expect?: string; says?: RegExp }[] = [
  { title: 'a folder', path: 'folder', expect: 'folder' },
  { title: 'a folder to make', path: 'new/deep', expect: 'new/deep' },
  { title: 'a link inside', path: 'inside', expect: 'folder' },
  { title: 'a link outside', path: 'outside', says: /leads out of its volume/ },
  { title: 'below a link outside', path: 'outside/new', says: /leads out of its volume/ },
  { title: 'upwards', path: '../x', says: /without '\.\.'/ },
  { title: 'upwards in the middle', path: 'folder/../../x', says: /without '\.\.'/ },
  { title: 'from the root', path: '/etc', says: /must be a relative path/ },
]

describe('a place inside a volume', () => {
  for (const { title, path, expect, says } of SUB_PATHS) {
    it(title, async () => {
      const volume = join(root, 'volume')
      await fs.mkdir(join(volume, 'folder'), { recursive: true })
      await fs.symlink('folder', join(volume, 'inside'))
      await fs.symlink(tmpdir(), join(volume, 'outside'))
      const found = resolveSubPath(volume, path)
      if (says) await assert.rejects(found, says)
      else assert.equal(await found, join(volume, expect!))
    })
  }
})

function volumesOf(api: FakeApi, commands: string[][] = []): Volumes {
  const clock = new FakeClock()
  const run = async (command: string, args: readonly string[]) => {
    commands.push([command, ...args])
    return { code: 0, stdout: '', stderr: '' }
  }
  const references = {
    configMap: async (_: string, name: string) => (name === 'conf' ? { data: { word: 'hello' } } : undefined),
    secret: async (_: string, name: string) => (name === 'key' ? { data: { k: 'c2VjcmV0' } } : undefined),
  }
  const processes = { run }
  const downward = (pod: ReturnType<typeof podWith>) => ({ pod, podIp: '', nodeIp: '', allocatable: {} })
  return new Volumes({
    paths: { root, manifests: '', podLogs: '' },
    ...{ processes, clock },
    source: { references, tokens: new Tokens(api, clock), downward },
    claims: new Claims(api),
    images: new ImageVolumes({ images: {} as never, processes, references, events: {} as never }),
  })
}

async function prepared(
  volume: Partial<Volume>,
  mount: Partial<NonNullable<Container['volumeMounts']>[number]> = {},
  api = new FakeApi(new FakeClock()),
) {
  const volumes = volumesOf(api)
  const pod = podWith({ volumes: [{ name: 'v', ...volume }] })
  await volumes.prepare(pod)
  const container = { name: 'main', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }
  return (await volumes.mounts(pod, container, new Map([['NAME', 'mine']])))[0]!
}

describe('volumes', () => {
  it('empty: everybody may write', async () => {
    const { source, readOnly } = await prepared({ emptyDir: {} })
    assert.equal(source, join(root, 'pods/uid-1/volumes/kubernetes.io~empty-dir/v'))
    assert.deepEqual([(await fs.stat(source)).mode & 0o7777, readOnly], [0o777, false])
  })

  it('of a ConfigMap: read only', async () => {
    const { source, readOnly } = await prepared({ configMap: { name: 'conf' } })
    assert.deepEqual([await fs.readFile(join(source, 'word'), 'utf8'), readOnly], ['hello', true])
  })

  it('of a Secret, under other names', async () => {
    const items = [{ key: 'k', path: 'deep/name', mode: 0o400 }]
    const { source } = await prepared({ secret: { secretName: 'key', items } })
    assert.equal(await fs.readFile(join(source, 'deep/name'), 'utf8'), 'secret')
  })

  it('by variables of the container', async () => {
    const { source } = await prepared(
      { emptyDir: {} },
      { subPathExpr: 'logs/$(NAME)', mountPropagation: 'HostToContainer' },
    )
    assert.match(source, /\/v\/logs\/mine$/)
  })

  it('behind a claim', async () => {
    const api = new FakeApi(new FakeClock())
    const claim = {
      metadata: { name: 'c', namespace: 'default' },
      spec: { volumeName: 'pv' },
      status: { phase: 'Bound' },
    }
    api.put('/api/v1/namespaces/default/persistentvolumeclaims/c', claim as never)
    api.put('/api/v1/persistentvolumes/pv', {
      metadata: { name: 'pv' },
      spec: { hostPath: { path: join(root, 'data') } },
    } as never)
    const mount = await prepared({ persistentVolumeClaim: { claimName: 'c', readOnly: true } }, {}, api)
    assert.deepEqual([mount.source, mount.readOnly], [join(root, 'data'), true])
  })

  it('in memory and over the network are mounted', async () => {
    const commands: string[][] = []
    const volumes = volumesOf(new FakeApi(new FakeClock()), commands)
    const memory = { name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }
    const nfs = { name: 'n', nfs: { server: 'host', path: '/x', readOnly: true } }
    await volumes.prepare(podWith({ volumes: [memory, nfs] }))
    assert.deepEqual(
      commands.map(command => command.slice(0, -1)),
      [
        ['mount', '-t', 'tmpfs', '-o', 'size=1048576', 'tmpfs'],
        ['mount', '-t', 'nfs', '-o', 'ro', 'host:/x'],
      ],
    )
  })

  it('go when the pod goes', async () => {
    const volumes = volumesOf(new FakeApi(new FakeClock()))
    await volumes.prepare(podWith({ volumes: [{ name: 'v', emptyDir: {} }] }))
    await volumes.release('uid-1')
    assert.deepEqual(await fs.readdir(join(root, 'pods/uid-1')), [])
  })
})

const PROBLEMS: [string, Partial<Volume>, string][] = [
  ['a ConfigMap that is not there', { configMap: { name: 'none' } }, 'configmap "none" not found'],
  ['a Secret that is not there', { secret: { secretName: 'none' } }, 'secret "none" not found'],
  [
    'a key that is not there',
    { configMap: { name: 'conf', items: [{ key: 'no', path: 'x' }] } },
    'configmap references non-existent config key: no',
  ],
  [
    'a claim that is not there',
    { persistentVolumeClaim: { claimName: 'none' } },
    'persistentvolumeclaim "none" not found',
  ],
  [
    'a medium that is not there',
    { emptyDir: { medium: 'HugePages' } },
    'emptyDir medium HugePages is not supported: "" and Memory are',
  ],
]

describe('volumes that cannot be had', () => {
  for (const [title, volume, says] of PROBLEMS) {
    it(title, () => assert.rejects(prepared(volume), { message: `MountVolume.SetUp failed for volume "v" : ${says}` }))
  }

  it('optional ones are empty', async () => {
    const { source } = await prepared({ configMap: { name: 'none', optional: true } })
    assert.deepEqual(
      (await fs.readdir(source)).filter(name => !name.startsWith('..')),
      [],
    )
  })
})

describe('tokens', () => {
  it('are asked for once, and again when their time is nearly up', async () => {
    const clock = new FakeClock(Date.UTC(2099, 11, 31, 23))
    const api = new FakeApi(clock)
    const tokens = new Tokens(api, clock)
    const pod = podWith({})
    assert.equal(await tokens.get(pod, { path: 't' }), 'token-of-default-default')
    clock.advance(40 * 60_000)
    await tokens.get(pod, { path: 't' })
    assert.equal(api.requests.length, 1)
    clock.advance(9 * 60_000)
    await tokens.get(pod, { path: 't' })
    assert.equal(api.requests.length, 2)
  })
})
