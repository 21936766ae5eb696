import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  ContainerPort,
  Node,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
} from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import { decideIn, facts, node, picture } from '../../test/support/scheduling.ts'
import { nodesToFind } from '../decide.ts'
import type { PodFacts } from '../facts.ts'
import type { Picture } from '../picture.ts'

const ZONE = 'zone'
const HOST = 'kubernetes.io/hostname'

/** `a/n1 a/n2 b/n3`: nodes by zone; `-/n4` is in none. */
const zoned = (text: string, more: Record<string, Partial<Node>> = {}) =>
  text.split(' ').map(word => {
    const [zone = '', name = ''] = word.split('/')
    return node(name, {}, { metadata: { labels: zone === '-' ? {} : { [ZONE]: zone } }, ...more[name] })
  })

const labelled = (labels: Record<string, string>, spec: Partial<PodSpec> = {}, extra: object = {}) =>
  facts('p', {}, spec, { labels, ...extra })
/** `n1:3 n2:1`: how many pods with these labels stand where. */
function standing(
  text: string,
  labels: Record<string, string> = { app: 'web' },
  spec: Partial<PodSpec> = {},
  extra: object = {},
) {
  const entries = text
    .split(' ')
    .filter(Boolean)
    .map(word => word.split(':') as [string, string])
  return Object.fromEntries(
    entries.map(([name, count]) => [name, Array.from({ length: Number(count) }, () => labelled(labels, spec, extra))]),
  )
}

/** The nodes a pod may go to, found by taking away one choice after the other. */
function suitable(world: Picture, pod: PodFacts): string {
  return world.nodes
    .filter(info => {
      const only = decideIn(
        world,
        facts(
          'probe',
          {},
          { ...pod.pod.spec, nodeName: info.name },
          { ...pod.pod.metadata, uid: `probe-${info.name}` },
        ),
      )
      return only === info.name
    })
    .map(({ name }) => name)
    .sort()
    .join(' ')
}

const APP: LabelSelector = { matchLabels: { app: 'web' } }
const spread = (...constraints: Partial<TopologySpreadConstraint>[]): Partial<PodSpec> => ({
  topologySpreadConstraints: constraints.map(one => ({
    maxSkew: 1,
    topologyKey: ZONE,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: APP,
    ...one,
  })),
})

describe('spreading over domains', () => {
  const four = 'a/n1 a/n2 b/n3 b/n4'
  const cases: [string, string, string, Partial<PodSpec>, string][] = [
    ['nobody is there', four, '', spread({}), 'n1 n2 n3 n4'],
    ['one in the first zone', four, 'n1:1', spread({}), 'n3 n4'],
    ['one in each', four, 'n1:1 n3:1', spread({}), 'n1 n2 n3 n4'],
    ['two in the first', four, 'n1:1 n2:1', spread({}), 'n3 n4'],
    ['as much as the skew', four, 'n1:1', spread({ maxSkew: 2 }), 'n1 n2 n3 n4'],
    ['more than the skew', four, 'n1:2', spread({ maxSkew: 2 }), 'n3 n4'],
    ['by node', four, 'n1:1 n2:1 n3:1', spread({ topologyKey: HOST }), 'n4'],
    ['by node, one each', four, 'n1:1 n2:1 n3:1 n4:1', spread({ topologyKey: HOST }), 'n1 n2 n3 n4'],
    ['by zone and by node', four, 'n1:1 n2:1 n3:1', spread({}, { topologyKey: HOST }), 'n4'],
    ['by zone and by node: nothing fits both', four, 'n1:1 n3:2 n4:1', spread({}, { topologyKey: HOST }), 'n2'],
    ['a node without a zone', 'a/n1 -/n2', '', spread({}), 'n1'],
    ['pods on a node without a zone do not count', 'a/n1 b/n2 -/n3', 'n3:5', spread({}), 'n1 n2'],
    ['a soft rule refuses nobody', four, 'n1:5', spread({ whenUnsatisfiable: 'ScheduleAnyway' }), 'n1 n2 n3 n4'],
    ['a third zone that is empty', 'a/n1 b/n2 c/n3', 'n1:1 n2:1', spread({}), 'n3'],
    ['fewer zones than there should be', 'a/n1 b/n2', 'n1:1 n2:1', spread({ minDomains: 3 }), ''],
    ['fewer zones than there should be, and nobody there', 'a/n1 b/n2', '', spread({ minDomains: 3 }), 'n1 n2'],
    ['as many as there should be', 'a/n1 b/n2', 'n1:1 n2:1', spread({ minDomains: 2 }), 'n1 n2'],
    ['nodes it may not go to are no domains', four, 'n1:1', { ...spread({}), nodeSelector: { [ZONE]: 'a' } }, 'n1 n2'],
    [
      'unless they are to count',
      four,
      'n1:1',
      { ...spread({ nodeAffinityPolicy: 'Ignore' }), nodeSelector: { [ZONE]: 'a' } },
      '',
    ],
    ['a selector that means nobody', four, 'n1:5', spread({ labelSelector: undefined }), 'n1 n2 n3 n4'],
    ['a selector that means everybody', four, 'n1:1', spread({ labelSelector: {} }), 'n3 n4'],
    [
      'a pod that its own selector does not mean',
      four,
      'n1:1',
      spread({ labelSelector: { matchLabels: { app: 'db' } } }),
      'n1 n2 n3 n4',
    ],
  ]
  for (const [name, nodes, pods, spec, expected] of cases) {
    it(name, () =>
      assert.equal(suitable(picture(zoned(nodes), standing(pods)), labelled({ app: 'web' }, spec)), expected),
    )
  }

  it('pods of another namespace do not count', () => {
    const world = picture(zoned('a/n1 b/n2'), standing('n1:3', { app: 'web' }, {}, { namespace: 'other' }))
    assert.equal(suitable(world, labelled({ app: 'web' }, spread({}))), 'n1 n2')
  })
  it('pods that end do not count', () => {
    const world = picture(zoned('a/n1 b/n2'), standing('n1:3', { app: 'web' }, {}, { deletionTimestamp: 'now' }))
    assert.equal(suitable(world, labelled({ app: 'web' }, spread({}))), 'n1 n2')
  })
  it('a revision by itself', () => {
    const world = picture(zoned('a/n1 b/n2'), standing('n1:3', { app: 'web', rev: 'old' }))
    const rule = spread({ matchLabelKeys: ['rev'] })
    assert.equal(suitable(world, labelled({ app: 'web', rev: 'new' }, rule)), 'n1 n2')
    assert.equal(suitable(world, labelled({ app: 'web', rev: 'old' }, rule)), 'n2')
    assert.equal(suitable(world, labelled({ app: 'web' }, rule)), 'n2', 'a key that the pod has not is left out')
  })
  const taints = { n2: { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } } }
  it('tainted nodes are domains, unless taints are to be honoured', () => {
    const world = picture(zoned('a/n1 b/n2', taints), standing('n1:1'))
    assert.equal(suitable(world, labelled({ app: 'web' }, spread({}))), '')
    assert.equal(suitable(world, labelled({ app: 'web' }, spread({ nodeTaintsPolicy: 'Honor' }))), 'n1')
  })
})

describe('which nodes count where pods spread', () => {
  const own = (labels: Record<string, string>, more: Partial<Node> = {}) => ({ metadata: { labels }, ...more })
  const closed = { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }
  const honor = spread({ nodeTaintsPolicy: 'Honor' })
  const cases: [string, string, Record<string, Partial<Node>>, string, Partial<PodSpec>, string][] = [
    ['tainted ones do not, where taints are honoured', 'a/n1 b/n2 c/n3', { n3: closed }, 'n1:2 n2:1', honor, 'n2'],
    ['tainted ones do by default', 'a/n1 b/n2 c/n3', { n3: closed }, 'n1:2 n2:1', spread({}), ''],
    [
      'tainted ones do, where they are tolerated',
      'a/n1 b/n2 c/n3',
      { n3: closed },
      'n1:2 n2:1',
      { ...honor, tolerations: [{ operator: 'Exists' }] },
      'n3',
    ],
    [
      'those without one of two keys do not',
      'a/n1 b/n2',
      { n1: own({ [ZONE]: 'a', rack: 'r' }) },
      'n1:1',
      spread({}, { topologyKey: 'rack', maxSkew: 9 }),
      'n1',
    ],
    [
      'those that the pod may not go to do not, though the others are full',
      'a/n1 b/n2 c/n3',
      {},
      'n1:2 n2:1',
      {
        ...spread({}),
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'NotIn', values: ['c'] }] }],
            },
          },
        },
      },
      'n2',
    ],
  ]
  for (const [name, nodes, more, pods, spec, expected] of cases) {
    it(name, () =>
      assert.equal(suitable(picture(zoned(nodes, more), standing(pods)), labelled({ app: 'web' }, spec)), expected),
    )
  }
})

describe('standing together and apart', () => {
  const term = (more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
    topologyKey: ZONE,
    labelSelector: APP,
    ...more,
  })
  const to = (...terms: PodAffinityTerm[]): Partial<PodSpec> => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
  })
  const from = (...terms: PodAffinityTerm[]): Partial<PodSpec> => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
  })
  const expression = (key: string, operator: string, ...values: string[]): LabelSelector => ({
    matchExpressions: [{ key, operator, values }],
  })
  const three = 'a/n1 a/n2 b/n3'
  const DB = { app: 'db' }
  const cases: [string, string, string, Partial<PodSpec>, string][] = [
    ['with somebody in the zone', three, 'n1:1', to(term()), 'n1 n2'],
    ['on the same node', three, 'n1:1', to(term({ topologyKey: HOST })), 'n1'],
    ['with nobody there', three, '', to(term()), ''],
    ['In', three, 'n3:1', to(term({ labelSelector: expression('app', 'In', 'x', 'web') })), 'n3'],
    ['NotIn', three, 'n3:1', to(term({ labelSelector: expression('app', 'NotIn', 'db') })), 'n3'],
    ['NotIn of what they are', three, 'n3:1', to(term({ labelSelector: expression('app', 'NotIn', 'web', 'db') })), ''],
    ['Exists', three, 'n3:1', to(term({ labelSelector: expression('app', 'Exists') })), 'n3'],
    ['DoesNotExist', three, 'n3:1', to(term({ labelSelector: expression('tier', 'DoesNotExist') })), 'n3'],
    ['both terms on one pod', three, 'n1:1', to(term(), term({ topologyKey: HOST })), 'n1'],
    [
      'one of both is met by nobody',
      three,
      'n1:1',
      to(term(), term({ labelSelector: { matchLabels: { app: 'x' } } })),
      '',
    ],
    ['apart from the zone', three, 'n1:1', from(term()), 'n3'],
    ['apart from the node', three, 'n1:1', from(term({ topologyKey: HOST })), 'n2 n3'],
    ['apart from nobody', three, '', from(term()), 'n1 n2 n3'],
    ['apart from all', three, 'n1:1 n3:1', from(term()), ''],
    ['apart by either of two terms', three, 'n1:1', from(term({ topologyKey: HOST }), term()), 'n3'],
    ['a node without the key', 'a/n1 -/n2', 'n1:1', to(term()), 'n1'],
    ['apart, and a node without the key', 'a/n1 -/n2', 'n1:1', from(term()), 'n2'],
    ['no selector means nobody', three, 'n1:1', from(term({ labelSelector: undefined })), 'n1 n2 n3'],
    ['an empty one means all', three, 'n1:1', from(term({ labelSelector: {} })), 'n3'],
    ['another namespace that is named', three, 'n1:1', from(term({ namespaces: ['other'] })), 'n1 n2 n3'],
    ['this one that is named', three, 'n1:1', from(term({ namespaces: ['default', 'x'] })), 'n3'],
    ['all namespaces', three, 'n1:1', from(term({ namespaceSelector: {} })), 'n3'],
  ]
  for (const [name, nodes, pods, spec, expected] of cases) {
    it(name, () => assert.equal(suitable(picture(zoned(nodes), standing(pods)), labelled(DB, spec)), expected))
  }

  it('the first of a group may stand anywhere', () => {
    assert.equal(suitable(picture(zoned('a/n1 b/n2 -/n3')), labelled({ app: 'web' }, to(term()))), 'n1 n2')
  })
  it('the first of a group that does not mean itself may not', () => {
    assert.equal(suitable(picture(zoned('a/n1')), labelled({ app: 'db' }, to(term()))), '')
  })
  it('the next ones stand by it', () => {
    assert.equal(suitable(picture(zoned('a/n1 b/n2'), standing('n2:1')), labelled({ app: 'web' }, to(term()))), 'n2')
  })
  const shy = from(term({ labelSelector: { matchLabels: DB } }))
  const others: [string, Record<string, string>, string][] = [
    ['those that mean it keep it away', DB, 'n3'],
    ['those that mean others do not', { app: 'x' }, 'n1 n2 n3'],
  ]
  for (const [name, labels, expected] of others) {
    it(`others: ${name}`, () =>
      assert.equal(suitable(picture(zoned(three), standing('n1:1', { app: 'web' }, shy)), labelled(labels)), expected))
  }
  it('others in another namespace mean their own', () => {
    const world = picture(zoned(three), standing('n1:1', { app: 'web' }, shy, { namespace: 'other' }))
    assert.equal(suitable(world, labelled(DB)), 'n1 n2 n3')
  })
  it('apart from other revisions only', () => {
    const world = picture(zoned(three), standing('n1:1', { app: 'web', rev: '1' }))
    assert.equal(
      suitable(world, labelled({ app: 'web', rev: '1' }, from(term({ mismatchLabelKeys: ['rev'] })))),
      'n1 n2 n3',
    )
    assert.equal(suitable(world, labelled({ app: 'web', rev: '2' }, from(term({ mismatchLabelKeys: ['rev'] })))), 'n3')
    assert.equal(
      suitable(world, labelled({ app: 'web', rev: '2' }, from(term({ matchLabelKeys: ['rev'] })))),
      'n1 n2 n3',
    )
  })
})

describe('ports of the node', () => {
  /** `127.0.0.1:80/UDP`. */
  const ports = (...texts: string[]): Partial<PodSpec> => ({
    containers: [
      {
        name: 'c',
        ports: texts.map((text): ContainerPort => {
          const [, hostIP, port, protocol] = /^(?:([\d.]+):)?(\d+)(?:\/(\w+))?$/.exec(text)!
          return {
            containerPort: 1,
            hostPort: Number(port),
            ...(hostIP ? { hostIP } : {}),
            ...(protocol ? { protocol } : {}),
          }
        }),
      },
    ],
  })
  const cases: [string, string[], string[], boolean][] = [
    ['nothing asked', ['80'], [], true],
    ['nothing taken', [], ['80'], true],
    ['another port', ['80'], ['81'], true],
    ['the same port', ['80'], ['80'], false],
    ['another protocol', ['80'], ['80/UDP'], true],
    ['the same protocol in words', ['80'], ['80/TCP'], false],
    ['two addresses', ['127.0.0.1:80'], ['127.0.0.2:80'], true],
    ['the same address', ['127.0.0.1:80'], ['127.0.0.1:80'], false],
    ['all addresses beside one', ['127.0.0.1:80'], ['80'], false],
    ['all addresses, where one has two ports taken', ['127.0.0.1:80', '127.0.0.1:81'], ['80'], false],
    ['one beside all', ['80'], ['127.0.0.1:80'], false],
    ['all by their name', ['0.0.0.0:80'], ['127.0.0.1:80'], false],
    ['one of several', ['80', '81'], ['82', '81'], false],
    ['all of another protocol', ['0.0.0.0:80/UDP'], ['127.0.0.1:80'], true],
    ['port 0 is none', ['80'], ['0'], true],
  ]
  for (const [name, taken, asked, fits] of cases) {
    it(name, () => {
      const world = picture([node('n1')], { n1: [facts('q', {}, ports(...taken))] })
      assert.equal(decideIn(world, facts('p', {}, ports(...asked))) === 'n1', fits)
    })
  }
})

describe('how many nodes are looked for', () => {
  const cases: [number, number, number][] = [
    [1, 0, 1],
    [100, 0, 100],
    [125, 0, 100],
    [250, 0, 120],
    [500, 0, 230],
    [1000, 40, 400],
    [1000, 0, 420],
    [3000, 0, 780],
    [6000, 0, 300],
    [6000, 1, 100],
    [10_000, 0, 500],
    [50, 1, 50],
  ]
  for (const [count, percentage, expected] of cases)
    it(`of ${count} by ${percentage} %`, () => assert.equal(nodesToFind(count, percentage), expected))
})
