import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Node, PersistentVolume } from '../../api/types/core-v1.ts'
import { FakeClock } from '../../platform/clock.ts'
import { FakeApi } from '../testing/api.ts'
import { reasonToKeep, removeLocalVolume } from './reclaim.ts'

const FOLDER = 'pvc-1_team_data'
const node: Node = { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } } }
const onHost = (name: string) => ({
  required: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: [name] }] },
    ],
  },
})

function volume(spec: Partial<NonNullable<PersistentVolume['spec']>> = {}, phase = 'Released'): PersistentVolume {
  return {
    metadata: { name: 'pvc-1', annotations: { 'pv.kubernetes.io/provisioned-by': 'kubox.io/local-path' } },
    spec: {
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { namespace: 'team', name: 'data', uid: '1' },
      hostPath: { path: `/srv/${FOLDER}`, type: 'DirectoryOrCreate' },
      nodeAffinity: onHost('n1'),
      ...spec,
    },
    status: { phase },
  }
}

const at = (path: string) => volume({ hostPath: { path } })
const NOT_OWN = 'has no folder of its own'
const KEPT: [string, PersistentVolume, string | undefined][] = [
  ['a released one of this node', volume(), undefined],
  ['one that could not be removed before', volume({}, 'Failed'), undefined],
  ['one made by hand', { ...volume(), metadata: { name: 'pvc-1' } }, 'was not made by kubox.io/local-path'],
  [
    'one of another provisioner',
    { ...volume(), metadata: { name: 'pvc-1', annotations: { 'pv.kubernetes.io/provisioned-by': 'nfs.example' } } },
    'was not made by kubox.io/local-path',
  ],
  [
    'one to retain',
    volume({ persistentVolumeReclaimPolicy: 'Retain' }),
    'is to be kept: its reclaim policy is not Delete',
  ],
  ['one in use', volume({}, 'Bound'), 'is Bound, not Released'],
  ['one that waits for a claim', volume({}, 'Available'), 'is Available, not Released'],
  ['one of another node', volume({ nodeAffinity: onHost('n2') }), 'is not on node n1'],
  ['one of no node', volume({ nodeAffinity: undefined }), 'is not on node n1'],
  ['one without a folder', volume({ hostPath: undefined, local: { path: `/srv/${FOLDER}` } }), NOT_OWN],
  ['one that never had a claim', volume({ claimRef: undefined }), NOT_OWN],
  ["another claim's folder", at('/srv/pvc-1_team_other'), NOT_OWN],
  ["another volume's folder", at('/srv/pvc-2_team_data'), NOT_OWN],
  ['the folder of all', at('/srv'), NOT_OWN],
  ['a folder inside its own', at(`/srv/${FOLDER}/deep`), NOT_OWN],
  ['everything', at('/'), NOT_OWN],
  ['nothing', at(''), NOT_OWN],
  ['upwards', at(`/srv/x/../${FOLDER}`), NOT_OWN],
  ['upwards at the end', at(`/srv/${FOLDER}/..`), NOT_OWN],
  ['a path that is not absolute', at(FOLDER), NOT_OWN],
  ['a path with a slash too many', at(`/srv//${FOLDER}`), NOT_OWN],
]

describe('whether the folder of a volume may go', () => {
  for (const [name, subject, expected] of KEPT) it(name, () => assert.equal(reasonToKeep(subject, node), expected))
})

describe('the folder of a volume', () => {
  let root: string
  let api: FakeApi
  beforeEach(async () => {
    root = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'kubelet-reclaim-')))
    api = new FakeApi(new FakeClock())
    api.put('/api/v1/nodes/n1', node)
    await fs.mkdir(join(root, 'class'))
    await fs.mkdir(join(root, 'else'))
    await fs.writeFile(join(root, 'else/precious'), 'keep me')
  })
  afterEach(() => fs.rm(root, { recursive: true, force: true }))

  const remove = (path: string, phase?: string) => {
    api.put('/api/v1/persistentvolumes/pvc-1', volume({ hostPath: { path } }, phase))
    return removeLocalVolume(api, 'n1', 'pvc-1')
  }
  const precious = () => fs.readFile(join(root, 'else/precious'), 'utf8')

  it('goes with all that is in it, and nothing beside it', async () => {
    const path = join(root, 'class', FOLDER)
    await fs.mkdir(join(path, 'deep/er'), { recursive: true })
    await fs.writeFile(join(path, 'deep/file'), 'x', { mode: 0o400 })
    await fs.symlink(join(root, 'else'), join(path, 'link'))
    await fs.mkdir(join(root, 'class/pvc-2_team_data'))
    await remove(path)
    assert.deepEqual(await fs.readdir(join(root, 'class')), ['pvc-2_team_data'])
    assert.equal(await precious(), 'keep me', 'links are removed, not followed')
  })

  it('may be gone already, or may never have been', async () => {
    await remove(join(root, 'class', FOLDER))
    await remove(join(root, 'none', FOLDER))
  })

  it('stays while the API server says that it is needed', async () => {
    const path = join(root, 'class', FOLDER)
    await fs.mkdir(path)
    await assert.rejects(remove(path, 'Bound'), /^ApiError: persistentvolume "pvc-1" is Bound, not Released$/)
    await assert.rejects(removeLocalVolume(api, 'n1', 'pvc-9'), /not found/)
    assert.deepEqual(await fs.readdir(join(root, 'class')), [FOLDER])
  })

  it('is not removed through a link, be it the last part of the path or one before', async () => {
    await fs.symlink(join(root, 'else'), join(root, 'class', FOLDER))
    await assert.rejects(
      remove(join(root, 'class', FOLDER)),
      /is reached through a symbolic link, and is really .*else$/,
    )
    await fs.symlink(root, join(root, 'way'))
    await fs.mkdir(join(root, 'else', FOLDER))
    await assert.rejects(remove(join(root, 'way/else', FOLDER)), /is reached through a symbolic link/)
    assert.equal(await precious(), 'keep me')
    assert.ok((await fs.stat(join(root, 'else', FOLDER))).isDirectory())
  })

  it('must be one', async () => {
    await fs.writeFile(join(root, 'class', FOLDER), 'a file')
    await assert.rejects(remove(join(root, 'class', FOLDER)), /is not a folder$/)
  })
})
