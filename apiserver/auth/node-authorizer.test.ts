import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Cache } from '../storage/cache.ts'
import { Entry } from '../storage/entry.ts'
import { resourceAttributes } from './attributes.ts'
import { NodeAuthorizer, referencesOf } from './node-authorizer.ts'

const pod = (name: string, spec: object, namespace = 'default') =>
  ({ metadata: { name, namespace }, spec: { containers: [], ...spec } }) as unknown as Pod
const container = (parts: object) => ({ name: 'c', image: 'i', ...parts })

describe('what a pod refers to', () => {
  const cases: [string, object, string[]][] = [
    ['nothing', {}, []],
    ['its account', { serviceAccountName: 'robot' }, ['serviceaccounts/default/robot']],
    ['pull secrets', { imagePullSecrets: [{ name: 'registry' }] }, ['secrets/default/registry']],
    [
      'variables',
      {
        containers: [
          container({
            env: [
              { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
              { name: 'B', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
            ],
          }),
        ],
      },
      ['secrets/default/s', 'configmaps/default/m'],
    ],
    [
      'whole sets of variables',
      { containers: [container({ envFrom: [{ secretRef: { name: 's' } }, { configMapRef: { name: 'm' } }] })] },
      ['secrets/default/s', 'configmaps/default/m'],
    ],
    [
      'init containers',
      { initContainers: [container({ envFrom: [{ secretRef: { name: 's' } }] })] },
      ['secrets/default/s'],
    ],
    [
      'ephemeral containers',
      { ephemeralContainers: [container({ envFrom: [{ secretRef: { name: 's' } }] })] },
      ['secrets/default/s'],
    ],
    [
      'volumes',
      {
        volumes: [
          { name: 'a', secret: { secretName: 's' } },
          { name: 'b', configMap: { name: 'm' } },
          { name: 'c', persistentVolumeClaim: { claimName: 'p' } },
        ],
      },
      ['secrets/default/s', 'configmaps/default/m', 'persistentvolumeclaims/default/p'],
    ],
    [
      'claims made for it',
      { volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: {} } }] },
      ['persistentvolumeclaims/default/web-scratch'],
    ],
    [
      'projected volumes',
      {
        volumes: [
          {
            name: 'a',
            projected: {
              sources: [{ secret: { name: 's' } }, { configMap: { name: 'm' } }, { serviceAccountToken: {} }],
            },
          },
        ],
      },
      ['secrets/default/s', 'configmaps/default/m'],
    ],
    ['the same twice', { imagePullSecrets: [{ name: 's' }, { name: 's' }] }, ['secrets/default/s']],
    [
      'volumes of other kinds',
      {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', hostPath: { path: '/' } },
        ],
      },
      [],
    ],
  ]
  for (const [name, spec, expected] of cases) it(name, () => assert.deepEqual(referencesOf(pod('web', spec)), expected))
})

type Listener = Parameters<Cache['onChange']>[1]
type Change = NonNullable<Parameters<Listener>[0]>

/** An authorizer that has seen these pods, and a way to show it more. */
function watching(...pods: Pod[]) {
  let tell: Listener = () => {}
  const entryOf = (one: Pod) =>
    new Entry(
      `/registry/pods/${one.metadata?.namespace}/${one.metadata?.name}`,
      Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...one })),
      1,
    )
  let standing = pods
  const cache = {
    onChange: (_prefixes: readonly string[], listener: Listener) => {
      tell = listener
    },
    shelf: () => ({ range: () => standing.map(entryOf) }),
  } as unknown as Cache
  const authorizer = new NodeAuthorizer(cache)
  const show = (type: 'put' | 'delete', one: Pod) => tell({ type, entry: entryOf(one) } as Change)
  for (const one of pods) show('put', one)
  return {
    show,
    restart: (...now: Pod[]) => {
      standing = now
      tell(undefined)
    },
    may: (
      verb: string,
      what: string,
      where: { namespace?: string; name?: string; user?: string; groups?: string[] } = {},
    ) => {
      const [resource = '', subresource = ''] = what.split('/')
      const [plural = '', ...group] = resource.split('.')
      const { user = 'system:node:n1', groups = ['system:nodes'], ...place } = where
      const question = resourceAttributes({ name: user, groups }, verb, {
        group: group.join('.'),
        plural,
        subresource,
        ...place,
      })
      return authorizer.authorize(question).verdict === 'allow'
    },
  }
}

const using = (name: string, secret: string, nodeName?: string) =>
  pod(name, { imagePullSecrets: [{ name: secret }], nodeName })
const mine = { namespace: 'default', name: 's' }

describe('what a node may do', () => {
  const world = watching(
    pod('web', {
      nodeName: 'n1',
      serviceAccountName: 'robot',
      imagePullSecrets: [{ name: 's' }],
      volumes: [
        { name: 'a', configMap: { name: 'm' } },
        { name: 'b', persistentVolumeClaim: { claimName: 'p' } },
      ],
    }),
    using('other', 'theirs', 'n2'),
    using('waiting', 'unplaced'),
  )
  const cases: [boolean, string, string, Parameters<typeof world.may>[2]?][] = [
    [true, 'get', 'secrets', mine],
    [true, 'watch', 'secrets', mine],
    [true, 'list', 'secrets', mine],
    [false, 'list', 'secrets', { namespace: 'default' }],
    [false, 'list', 'secrets', {}],
    [false, 'update', 'secrets', mine],
    [false, 'delete', 'secrets', mine],
    [false, 'get', 'secrets', { namespace: 'kube-system', name: 's' }],
    [false, 'get', 'secrets', { namespace: 'default', name: 'theirs' }],
    [false, 'get', 'secrets', { namespace: 'default', name: 'unplaced' }],
    [false, 'get', 'secrets', { namespace: 'default', name: 'm' }],
    [false, 'get', 'secrets', { ...mine, user: 'system:node:n2' }],
    [false, 'get', 'secrets', { ...mine, groups: ['system:authenticated'] }],
    [false, 'get', 'secrets', { ...mine, user: 'n1' }],
    [true, 'get', 'configmaps', { namespace: 'default', name: 'm' }],
    [false, 'get', 'configmaps', { namespace: 'default', name: 'none' }],
    [true, 'get', 'persistentvolumeclaims', { namespace: 'default', name: 'p' }],
    [false, 'list', 'persistentvolumeclaims', { namespace: 'default', name: 'p' }],
    [true, 'create', 'serviceaccounts/token', { namespace: 'default', name: 'robot' }],
    [false, 'create', 'serviceaccounts/token', { namespace: 'default', name: 'default' }],
    [false, 'create', 'serviceaccounts', { namespace: 'default', name: 'robot' }],
    [true, 'get', 'nodes', { name: 'n1' }],
    [true, 'list', 'nodes', {}],
    [false, 'get', 'nodes', { name: 'n2' }],
    [true, 'create', 'nodes', {}],
    [true, 'patch', 'nodes/status', { name: 'n1' }],
    [false, 'delete', 'nodes', { name: 'n1' }],
    [false, 'get', 'nodes/proxy', { name: 'n1' }],
    [true, 'watch', 'pods', {}],
    [true, 'delete', 'pods', { namespace: 'default', name: 'web' }],
    [true, 'patch', 'pods/status', { namespace: 'default', name: 'web' }],
    [true, 'create', 'pods/eviction', { namespace: 'default', name: 'web' }],
    [false, 'update', 'pods', { namespace: 'default', name: 'web' }],
    [false, 'create', 'pods/exec', { namespace: 'default', name: 'web' }],
    [false, 'create', 'pods/binding', { namespace: 'default', name: 'web' }],
    [true, 'update', 'leases.coordination.k8s.io', { namespace: 'kube-node-lease', name: 'n1' }],
    [true, 'create', 'leases.coordination.k8s.io', { namespace: 'kube-node-lease' }],
    [false, 'update', 'leases.coordination.k8s.io', { namespace: 'kube-node-lease', name: 'n2' }],
    [false, 'update', 'leases.coordination.k8s.io', { namespace: 'kube-system', name: 'n1' }],
    [false, 'list', 'leases.coordination.k8s.io', { namespace: 'kube-node-lease', name: 'n1' }],
    [true, 'create', 'events', { namespace: 'default' }],
    [false, 'delete', 'events', { namespace: 'default' }],
    [true, 'list', 'services', {}],
    [false, 'create', 'services', { namespace: 'default' }],
    [true, 'create', 'certificatesigningrequests.certificates.k8s.io', {}],
    [false, 'update', 'certificatesigningrequests.certificates.k8s.io/approval', { name: 'x' }],
    [true, 'create', 'tokenreviews.authentication.k8s.io', {}],
    [true, 'create', 'subjectaccessreviews.authorization.k8s.io', {}],
    [false, 'get', 'deployments.apps', { namespace: 'default', name: 'web' }],
    [false, 'impersonate', 'users', { name: 'admin' }],
  ]
  for (const [expected, verb, what, where] of cases) {
    const { user, groups, ...place } = where ?? {}
    const who = user || groups ? ` as ${user ?? 'no node'}` : ''
    it(`${expected ? '' : 'not '}${verb} ${what} ${JSON.stringify(place)}${who}`, () =>
      assert.equal(world.may(verb, what, where), expected))
  }
})

describe('the right to read follows the pods', () => {
  const debugged = pod('a', {
    nodeName: 'n1',
    ephemeralContainers: [container({ envFrom: [{ secretRef: { name: 's' } }] })],
  })
  const here = using('a', 's', 'n1')
  const steps: [string, ['put' | 'delete', Pod][], boolean][] = [
    ['a pod is placed', [['put', here]], true],
    ['it is placed elsewhere', [['put', using('a', 's', 'n2')]], false],
    [
      'it goes',
      [
        ['put', here],
        ['delete', here],
      ],
      false,
    ],
    [
      'another still needs it',
      [
        ['put', here],
        ['put', using('b', 's', 'n1')],
        ['delete', here],
      ],
      true,
    ],
    [
      'it comes again and needs something else',
      [
        ['put', here],
        ['delete', here],
        ['put', using('a', 'else', 'n1')],
      ],
      false,
    ],
    [
      'a debug container needs it',
      [
        ['put', using('a', 'else', 'n1')],
        ['put', debugged],
      ],
      true,
    ],
  ]
  for (const [name, changes, expected] of steps) {
    it(name, () => {
      const world = watching()
      for (const [type, one] of changes) world.show(type, one)
      assert.equal(world.may('get', 'secrets', mine), expected)
    })
  }

  it('and a picture that is taken anew', () => {
    const world = watching(using('a', 'else', 'n1'))
    world.restart(using('b', 's', 'n1'))
    assert.equal(world.may('get', 'secrets', mine), true)
    world.restart()
    assert.equal(world.may('get', 'secrets', mine), false)
  })
})
