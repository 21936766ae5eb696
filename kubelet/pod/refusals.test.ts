import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { describe, it } from 'node:test'
import { messageFacts } from '../../api/schema.ts'
import type { PodSpec } from '../../api/types/core-v1.ts'
import { containerRefusals, REFUSALS, refusalsOf } from './refusals.ts'

const PAGE = new URL('../../docs/status/podspec.md', import.meta.url)

/** Rows of the page: field, state, note. */
async function readRows(): Promise<Map<string, { state: string; note: string }>> {
  const lines = (await fs.readFile(PAGE, 'utf8')).split('\n').filter(line => /^\| \w+\.\w+ \|/.test(line))
  return new Map(
    lines.map(line => {
      const [, field = '', state = '', note = ''] = line.split('|').map(part => part.trim())
      return [field, { state, note }]
    }),
  )
}

/** Fields of a pod's spec as the API has them, not going below those that the page says nothing is done about. */
function fieldsOf(message: string, rows: Map<string, { state: string }>, seen = new Set<string>()): string[] {
  const facts = messageFacts(message)
  if (!facts || facts.leaf || seen.has(message)) return []
  seen.add(message)
  return facts.fields.flatMap(({ name, type }) => {
    const inner = type.replace(/[[\]{}]/g, '')
    if (name === '') return inner.endsWith('EphemeralContainerCommon') ? [] : fieldsOf(inner, rows, seen)
    const field = `${message.replace(/^.*\./, '')}.${name}`
    const below = ['refused', 'elsewhere'].includes(rows.get(field)?.state ?? '') ? [] : fieldsOf(inner, rows, seen)
    return [field, ...below]
  })
}

describe('the page of pod fields', () => {
  it('has every field of the API, and no other', async () => {
    const rows = await readRows()
    assert.deepEqual([...rows.keys()].sort(), fieldsOf('core.v1.PodSpec', rows).sort())
  })

  it('says of every refused field that it is, with the reason of the code', async () => {
    const rows = await readRows()
    const stated = [...rows]
      .filter(([, row]) => row.state === 'refused' || row.state === 'partly')
      .map(([field]) => field)
    assert.deepEqual(stated.sort(), REFUSALS.map(refusal => refusal.field).sort())
    for (const { field, reason, when } of REFUSALS) {
      if (!when) assert.ok(rows.get(field)?.note.includes(reason), `${field}: ${reason}`)
    }
  })
})

const MAIN = { name: 'main', image: 'busybox' }

const CASES: { title: string; spec: Partial<PodSpec>; says: RegExp[] }[] = [
  { title: 'nothing special', spec: {}, says: [] },
  {
    title: 'huge pages',
    spec: { containers: [{ ...MAIN, resources: { limits: { cpu: '1', 'hugepages-2Mi': '64Mi' } } }] },
    says: [/^spec\.containers\[0\]\.resources\.limits is not supported: Docker cannot limit huge pages/],
  },
  { title: 'ordinary limits', spec: { containers: [{ ...MAIN, resources: { limits: { cpu: '1' } } }] }, says: [] },
  {
    title: 'user namespaces',
    spec: { hostUsers: false },
    says: [/^spec\.hostUsers is not supported: Docker maps users/],
  },
  { title: 'the users of the host', spec: { hostUsers: true }, says: [] },
  { title: 'an empty list', spec: { resourceClaims: [] }, says: [] },
  { title: 'linux', spec: { os: { name: 'linux' } }, says: [] },
  { title: 'windows', spec: { os: { name: 'windows' } }, says: [/^spec\.os\.name is not supported/] },
  {
    title: 'two volumes without a driver',
    spec: {
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', csi: { driver: 'x' } },
        { name: 'c', rbd: {} as never },
      ],
    },
    says: [/^spec\.volumes\[1\]\.csi is not supported/, /^spec\.volumes\[2\]\.rbd is not supported/],
  },
  {
    title: 'a block device in the second container',
    spec: { containers: [MAIN, { ...MAIN, name: 'other', volumeDevices: [{ name: 'disk', devicePath: '/dev/x' }] }] },
    says: [/^spec\.containers\[1\]\.volumeDevices is not supported/],
  },
  {
    title: 'read-only to the last mount',
    spec: {
      initContainers: [{ ...MAIN, volumeMounts: [{ name: 'a', mountPath: '/a', recursiveReadOnly: 'Enabled' }] }],
    },
    says: [/^spec\.initContainers\[0\]\.volumeMounts\[0\]\.recursiveReadOnly is not supported/],
  },
  {
    title: 'read-only as far as possible',
    spec: {
      containers: [{ ...MAIN, volumeMounts: [{ name: 'a', mountPath: '/a', recursiveReadOnly: 'IfPossible' }] }],
    },
    says: [],
  },
]

describe('refusals', () => {
  for (const { title, spec, says } of CASES) {
    it(title, () => {
      const found = refusalsOf({ spec: { containers: [MAIN], ...spec } })
      assert.equal(found.length, says.length, found.join('\n'))
      says.forEach((pattern, index) => {
        assert.match(found[index]!, pattern)
      })
    })
  }

  it('of a debug container name the container', () => {
    const spec = { ...MAIN, name: 'debug', resources: { claims: [{ name: 'gpu' }] } }
    assert.match(containerRefusals(spec)[0]!, /^container debug\.resources\.claims is not supported/)
  })
})
