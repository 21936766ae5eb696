import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Pod } from '../types/core-v1.ts'
import { validateResize } from './pod-resize.ts'
import { validateEphemeralUpdate, validatePodUpdate } from './pod-update.ts'

const container = (name: string, parts: object = {}) => ({ name, image: 'app:1', ...parts })
const pod = (spec: object = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [container('app')], ...spec },
})
const gpu = { key: 'gpu', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }
const gated = { schedulingGates: [{ name: 'a' }, { name: 'b' }] }
const expression = (key: string) => ({ key, operator: 'Exists' })
const nodes = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
})
const term = (...keys: string[]) => ({ matchExpressions: keys.map(expression) })
const near = {
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: {} }] },
}

type Row = [what: string, before: object, after: object, refusal?: RegExp]

const IMMUTABLE = /^spec: pod updates may not change fields other than/
const rows: Row[] = [
  ['nothing', {}, {}],
  ['an image', {}, { containers: [container('app', { image: 'app:2' })] }],
  [
    'the image of an init container',
    { initContainers: [container('i')] },
    { initContainers: [container('i', { image: 'x' })] },
  ],
  ['a command', {}, { containers: [container('app', { command: ['x'] })] }, IMMUTABLE],
  ['a name', {}, { containers: [container('other')] }, IMMUTABLE],
  [
    'one container more',
    {},
    { containers: [container('app'), container('b')] },
    /containers: pod updates may not add or remove/,
  ],
  [
    'an init container less',
    { initContainers: [container('i')] },
    {},
    /spec.initContainers: pod updates may not add or remove/,
  ],
  ['the node', {}, { nodeName: 'n1' }, IMMUTABLE],
  ['the restart policy', { restartPolicy: 'Always' }, { restartPolicy: 'Never' }, IMMUTABLE],
  ['a deadline that comes', {}, { activeDeadlineSeconds: 10 }],
  ['a deadline that comes nearer', { activeDeadlineSeconds: 10 }, { activeDeadlineSeconds: 5 }],
  [
    'a deadline that is put off',
    { activeDeadlineSeconds: 10 },
    { activeDeadlineSeconds: 11 },
    /less than or equal to previous/,
  ],
  ['a deadline that goes', { activeDeadlineSeconds: 10 }, {}, /must not update from a positive integer to nil/],
  ['one toleration more', { tolerations: [gpu] }, { tolerations: [gpu, { operator: 'Exists' }] }],
  ['how long one tolerates', { tolerations: [gpu] }, { tolerations: [{ ...gpu, tolerationSeconds: 5 }] }],
  ['a toleration less', { tolerations: [gpu] }, { tolerations: [] }, /existing toleration can not be modified/],
  [
    'what is tolerated',
    { tolerations: [gpu] },
    { tolerations: [{ ...gpu, key: 'x' }] },
    /existing toleration can not be modified/,
  ],
  ['the grace', { terminationGracePeriodSeconds: 30 }, { terminationGracePeriodSeconds: 1 }, IMMUTABLE],
  ['a grace that made no sense', { terminationGracePeriodSeconds: -1 }, { terminationGracePeriodSeconds: 1 }],
  ['a gate less', gated, { schedulingGates: [{ name: 'b' }] }],
  ['the last gates', gated, {}],
  ['one gate more', gated, { schedulingGates: [{ name: 'a' }, { name: 'c' }] }, /found new scheduling gate 'c'/],
  ['a gate, late', {}, gated, /only deletion is allowed/],

  ['the node selector', {}, { nodeSelector: { disk: 'ssd' } }, IMMUTABLE],
  ['the node selector behind a gate', gated, { ...gated, nodeSelector: { disk: 'ssd' } }],
  ['more of it', { ...gated, nodeSelector: { a: '1' } }, { ...gated, nodeSelector: { a: '1', b: '2' } }],
  ['less of it', { ...gated, nodeSelector: { a: '1' } }, gated, /only additions to spec.nodeSelector are allowed/],
  [
    'some of it',
    { ...gated, nodeSelector: { a: '1' } },
    { ...gated, nodeSelector: { a: '2' } },
    /only additions to spec.nodeSelector/,
  ],
  ['it, while the gates go', { ...gated, nodeSelector: { a: '1' } }, { nodeSelector: { a: '1', b: '2' } }],
  ['the affinity', {}, nodes(term('a')), IMMUTABLE],
  ['node affinity behind a gate', gated, { ...gated, ...nodes(term('a')) }],
  ['a term that becomes narrower', { ...gated, ...nodes(term('a')) }, { ...gated, ...nodes(term('a', 'b')) }],
  [
    'a term that becomes wider',
    { ...gated, ...nodes(term('a', 'b')) },
    { ...gated, ...nodes(term('a')) },
    /nodeSelectorTerms\[0\]: .*only additions/,
  ],
  [
    'a term that becomes another',
    { ...gated, ...nodes(term('a')) },
    { ...gated, ...nodes(term('b')) },
    /only additions are allowed/,
  ],
  [
    'a term that chose nothing',
    { ...gated, ...nodes({}) },
    { ...gated, ...nodes(term('a')) },
    /only additions are allowed/,
  ],
  [
    'one term more',
    { ...gated, ...nodes(term('a')) },
    { ...gated, ...nodes(term('a'), term('b')) },
    /no additions\/deletions/,
  ],
  ['all terms', { ...gated, ...nodes(term('a')) }, gated, /no additions\/deletions/],
  ['affinity to pods behind a gate', gated, { ...gated, affinity: near }, IMMUTABLE],
  [
    'node affinity beside that to pods',
    { ...gated, affinity: near },
    { ...gated, affinity: { ...near, ...nodes(term('a')).affinity } },
  ],
]

const problems = (errors: { field: string; detail?: string }[]) =>
  errors.map(({ field, detail }) => `${field}: ${detail}`).join('\n')

function check(found: string, refusal: RegExp | undefined): void {
  if (refusal) assert.match(found, refusal)
  else assert.equal(found, '')
}

describe('what may change of a pod', () => {
  for (const [what, before, after, refusal] of rows) {
    it(`${refusal ? 'not ' : ''}${what}`, () => check(problems(validatePodUpdate(pod(after), pod(before))), refusal))
  }
})

describe('ephemeral containers', () => {
  const debug = (...names: string[]) => ({ ephemeralContainers: names.map(name => container(name)) })
  const cases: Row[] = [
    ['may come', {}, debug('d')],
    ['may come beside others', debug('d'), debug('d', 'e')],
    ['may not go', debug('d', 'e'), debug('e'), /existing ephemeral containers "d" may not be removed/],
    ['may not change', debug('d'), { ephemeralContainers: [container('d', { image: 'x' })] }, /"d" may not be changed/],
  ]
  for (const [what, before, after, refusal] of cases) {
    it(what, () => {
      const found = validateEphemeralUpdate(pod(after), pod(before)).filter(({ detail }) =>
        /existing/.test(detail ?? ''),
      )
      check(problems(found), refusal)
    })
  }
})

describe('a resize', () => {
  const sized = (requests: object | undefined, limits?: object) => ({
    containers: [container('app', { resources: { requests, limits } })],
  })
  const full = { cpu: '1', memory: '1Gi' }
  const more = { cpu: '2', memory: '1Gi' }
  const CLASS = /Pod QOS Class may not change as a result of resizing/
  const cases: Row[] = [
    ['may change amounts', sized({ cpu: '1' }), sized({ cpu: '2' })],
    ['may keep what is guaranteed so', sized(full, full), sized(more, more)],
    ['may not take the guarantee away', sized(full, full), sized(full, more), CLASS],
    ['may not give one', sized(full, more), sized(full, full), CLASS],
    ['may not begin to ask', sized(undefined), sized({ cpu: '1' }), CLASS],
  ]
  for (const [what, before, after, refusal] of cases) {
    it(what, () => {
      const found = validateResize(pod(after), pod(before)).filter(({ field }) => field === 'spec')
      check(problems(found), refusal)
    })
  }
})
