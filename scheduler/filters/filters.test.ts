import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, PodSpec, Taint } from '../../api/types/core-v1.ts'
import { decideIn, facts, node, picture } from '../../test/support/scheduling.ts'
import type { PodFacts } from '../facts.ts'

type Outcome = ReturnType<typeof decideIn>

function table(
  name: string,
  cases: readonly [string, readonly Node[], Record<string, PodFacts[]>, PodFacts, Outcome][],
) {
  describe(name, () => {
    for (const [title, nodes, standing, pod, expected] of cases) {
      it(title, () => assert.deepEqual(decideIn(picture(nodes, standing), pod), expected))
    }
  })
}

const refused = (...reasons: string[]): Outcome => ({ n1: reasons })
const one = [node('n1')]
const tainted = (...taints: Taint[]) => [node('n1', {}, { spec: { taints } })]
const gpu = { key: 'gpu', value: 'yes', effect: 'NoSchedule' }

table('cordons, names and taints', [
  ['an open node', one, {}, facts('p'), 'n1'],
  ['the node that it names', [node('n1'), node('n2')], {}, facts('p', {}, { nodeName: 'n2' }), 'n2'],
  [
    'another node than it names',
    one,
    {},
    facts('p', {}, { nodeName: 'n2' }),
    refused("node(s) didn't match the requested node name"),
  ],
  [
    'a cordoned node',
    [node('n1', {}, { spec: { unschedulable: true } })],
    {},
    facts('p'),
    refused('node(s) were unschedulable'),
  ],
  [
    'a cordon that is tolerated',
    [node('n1', {}, { spec: { unschedulable: true } })],
    {},
    facts('p', {}, { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] }),
    'n1',
  ],
  ['a taint', tainted(gpu), {}, facts('p'), refused('node(s) had untolerated taint {gpu: yes}')],
  ['a soft taint', tainted({ ...gpu, effect: 'PreferNoSchedule' }), {}, facts('p'), 'n1'],
  [
    'a taint without value',
    tainted({ key: 'a', effect: 'NoExecute' }),
    {},
    facts('p'),
    refused('node(s) had untolerated taint {a: }'),
  ],
  ['tolerated by value', tainted(gpu), {}, facts('p', {}, { tolerations: [{ key: 'gpu', value: 'yes' }] }), 'n1'],
  [
    'another value',
    tainted(gpu),
    {},
    facts('p', {}, { tolerations: [{ key: 'gpu', value: 'no' }] }),
    refused('node(s) had untolerated taint {gpu: yes}'),
  ],
  [
    'another effect',
    tainted(gpu),
    {},
    facts('p', {}, { tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }] }),
    refused('node(s) had untolerated taint {gpu: yes}'),
  ],
  [
    'everything is tolerated',
    tainted(gpu, { key: 'b', effect: 'NoExecute' }),
    {},
    facts('p', {}, { tolerations: [{ operator: 'Exists' }] }),
    'n1',
  ],
  [
    'the second taint is the trouble',
    tainted(gpu, { key: 'b', effect: 'NoSchedule' }),
    {},
    facts('p', {}, { tolerations: [{ key: 'gpu', operator: 'Exists' }] }),
    refused('node(s) had untolerated taint {b: }'),
  ],
])

const labelled = (labels: Record<string, string>) => [node('n1', {}, { metadata: { labels } })]
const wants = (key: string, operator: string, ...values: string[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
})
const NO_MATCH = refused("node(s) didn't match Pod's node affinity/selector")

table('node selectors and affinity', [
  ['the label is there', labelled({ disk: 'ssd' }), {}, facts('p', {}, { nodeSelector: { disk: 'ssd' } }), 'n1'],
  ['it is not', one, {}, facts('p', {}, { nodeSelector: { disk: 'ssd' } }), NO_MATCH],
  ['In', labelled({ disk: 'ssd' }), {}, facts('p', {}, wants('disk', 'In', 'hdd', 'ssd')), 'n1'],
  ['NotIn', labelled({ disk: 'ssd' }), {}, facts('p', {}, wants('disk', 'NotIn', 'ssd')), NO_MATCH],
  ['NotIn of a label that is not there', one, {}, facts('p', {}, wants('disk', 'NotIn', 'ssd')), 'n1'],
  ['Exists', one, {}, facts('p', {}, wants('disk', 'Exists')), NO_MATCH],
  ['DoesNotExist', one, {}, facts('p', {}, wants('disk', 'DoesNotExist')), 'n1'],
  ['Gt', labelled({ cores: '8' }), {}, facts('p', {}, wants('cores', 'Gt', '4')), 'n1'],
  ['Lt', labelled({ cores: '8' }), {}, facts('p', {}, wants('cores', 'Lt', '8')), NO_MATCH],
  ['Gt of what is no number', labelled({ cores: 'many' }), {}, facts('p', {}, wants('cores', 'Gt', '4')), NO_MATCH],
])

table('resources', [
  ['room for it', [node('n1', { cpu: '1' })], {}, facts('p', { cpu: '1' }), 'n1'],
  [
    'not enough CPU',
    [node('n1', { cpu: '1' })],
    { n1: [facts('q', { cpu: '1m' })] },
    facts('p', { cpu: '1' }),
    refused('Insufficient cpu'),
  ],
  [
    'not enough of two',
    [node('n1', { cpu: '1', memory: '1Gi' })],
    {},
    facts('p', { cpu: '2', memory: '2Gi' }),
    refused('Insufficient cpu', 'Insufficient memory'),
  ],
  ['too many pods', [node('n1', { pods: '1' })], { n1: [facts('q')] }, facts('p'), refused('Too many pods')],
  ['an extended resource', [node('n1', { 'nvidia.com/gpu': '1' })], {}, facts('p', { 'nvidia.com/gpu': '1' }), 'n1'],
  ['one that nobody has', one, {}, facts('p', { 'nvidia.com/gpu': '1' }), refused('Insufficient nvidia.com/gpu')],
  [
    'asking for nothing on a full node',
    [node('n1', { cpu: '1' })],
    { n1: [facts('q', { cpu: '2' })] },
    facts('p'),
    'n1',
  ],
  [
    'ephemeral storage',
    [node('n1', { 'ephemeral-storage': '1Gi' })],
    {},
    facts('p', { 'ephemeral-storage': '2Gi' }),
    refused('Insufficient ephemeral-storage'),
  ],
])

const port = (hostPort: number, hostIP?: string, protocol?: string): Partial<PodSpec> => ({
  containers: [{ name: 'a', image: 'a', ports: [{ containerPort: 80, hostPort, hostIP, protocol }] }],
})
const TAKEN = refused("node(s) didn't have free ports for the requested pod ports")

table('host ports', [
  ['free', one, { n1: [facts('q', {}, port(81))] }, facts('p', {}, port(80)), 'n1'],
  ['taken', one, { n1: [facts('q', {}, port(80))] }, facts('p', {}, port(80)), TAKEN],
  [
    'taken for another protocol',
    one,
    { n1: [facts('q', {}, port(80, undefined, 'UDP'))] },
    facts('p', {}, port(80)),
    'n1',
  ],
  ['another address', one, { n1: [facts('q', {}, port(80, '10.0.0.1'))] }, facts('p', {}, port(80, '10.0.0.2')), 'n1'],
  ['all addresses against one', one, { n1: [facts('q', {}, port(80, '10.0.0.1'))] }, facts('p', {}, port(80)), TAKEN],
  ['one against all addresses', one, { n1: [facts('q', {}, port(80))] }, facts('p', {}, port(80, '10.0.0.1')), TAKEN],
])

const ZONE = 'topology.kubernetes.io/zone'
const zoned = ['a', 'a', 'b'].map((zone, i) => node(`n${i + 1}`, {}, { metadata: { labels: { [ZONE]: zone } } }))
const cordonedB = node('n3', {}, { metadata: { labels: { [ZONE]: 'b' } }, spec: { unschedulable: true } })
const blue = (name: string, spec: Partial<PodSpec> = {}) => facts(name, {}, spec, { labels: { color: 'blue' } })
const spread = (topologyKey: string, extra: object = {}): Partial<PodSpec> => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { color: 'blue' } },
      ...extra,
    },
  ],
})
const SKEWED = ["node(s) didn't match pod topology spread constraints"]
const NO_LABEL = ["node(s) didn't match pod topology spread constraints (missing required label)"]

table('topology spread', [
  ['the emptier zone', zoned, { n1: [blue('q')] }, blue('p', spread(ZONE)), 'n3'],
  [
    'even again: any',
    zoned.slice(1),
    { n2: [blue('q')], n3: [blue('r')] },
    blue('p', spread('kubernetes.io/hostname')),
    'n2',
  ],
  [
    'no place left',
    [...zoned.slice(0, 2), node('n3')],
    { n1: [blue('q'), blue('r')] },
    blue('p', spread(ZONE, { minDomains: 2 })),
    { n1: SKEWED, n2: SKEWED, n3: NO_LABEL },
  ],
  [
    'a larger skew',
    [...zoned.slice(0, 2), cordonedB],
    { n1: [blue('q')] },
    blue('p', spread(ZONE, { maxSkew: 2 })),
    'n2',
  ],
  ['pods of others do not count', zoned.slice(0, 1), { n1: [facts('q'), facts('r')] }, blue('p', spread(ZONE)), 'n1'],
  [
    'pods that end do not count',
    zoned.slice(0, 1),
    { n1: [facts('q', {}, {}, { labels: { color: 'blue' }, deletionTimestamp: 'x' })] },
    blue('p', spread(ZONE, { minDomains: 2 })),
    'n1',
  ],
  [
    'only nodes that it may go to count',
    zoned,
    { n1: [blue('q')] },
    blue('p', { ...spread(ZONE), nodeSelector: { [ZONE]: 'a' } }),
    'n2',
  ],
])

const toward = (kind: 'podAffinity' | 'podAntiAffinity', topologyKey: string, term: object = {}): Partial<PodSpec> => ({
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey, labelSelector: { matchLabels: { color: 'blue' } }, ...term },
      ],
    },
  },
})
const AFFINITY = ["node(s) didn't match pod affinity rules"]
const ANTI = ["node(s) didn't match pod anti-affinity rules"]
const OTHERS = ["node(s) didn't satisfy existing pods anti-affinity rules"]

table('inter-pod affinity', [
  ['to where the friend is', zoned, { n3: [blue('q')] }, facts('p', {}, toward('podAffinity', ZONE)), 'n3'],
  ['no friend anywhere', zoned.slice(2), {}, facts('p', {}, toward('podAffinity', ZONE)), { n3: AFFINITY }],
  ['the first of its kind', zoned.slice(2), {}, blue('p', toward('podAffinity', ZONE)), 'n3'],
  [
    'a friend in another namespace is none',
    zoned.slice(2),
    { n3: [facts('q', {}, {}, { labels: { color: 'blue' }, namespace: 'other' })] },
    facts('p', {}, toward('podAffinity', ZONE)),
    { n3: AFFINITY },
  ],
  [
    'unless it is asked for',
    zoned.slice(2),
    { n3: [facts('q', {}, {}, { labels: { color: 'blue' }, namespace: 'other' })] },
    facts('p', {}, toward('podAffinity', ZONE, { namespaces: ['other'] })),
    'n3',
  ],
  [
    'any namespace',
    zoned.slice(2),
    { n3: [facts('q', {}, {}, { labels: { color: 'blue' }, namespace: 'other' })] },
    facts('p', {}, toward('podAffinity', ZONE, { namespaceSelector: {} })),
    'n3',
  ],
  ['away from foes', zoned, { n1: [blue('q')] }, facts('p', {}, toward('podAntiAffinity', ZONE)), 'n3'],
  [
    'foes everywhere',
    zoned,
    { n1: [blue('q')], n3: [blue('r')] },
    facts('p', {}, toward('podAntiAffinity', ZONE)),
    { n1: ANTI, n2: ANTI, n3: ANTI },
  ],
  [
    'one that stands wants no company',
    zoned,
    { n1: [facts('q', {}, toward('podAntiAffinity', ZONE))], n3: [facts('r', {}, toward('podAntiAffinity', ZONE))] },
    blue('p'),
    { n1: OTHERS, n2: OTHERS, n3: OTHERS },
  ],
])
