import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, type RequestParts, startTestServer, type TestServer } from '../testing.ts'

const MERGE = { 'content-type': 'application/merge-patch+json' }
const container = (more: object = {}) => ({ name: 'c', image: 'x', ...more })
const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [container()], ...spec },
})

describe('admission', () => {
  let server: TestServer
  const call = (method: string, target: string, parts: RequestParts = {}): Promise<Answer> =>
    server.call(method, target, parts)
  const make = async (path: string, body: object) => {
    const answer = await call('POST', path, { body })
    assert.equal(answer.status, 201, answer.text)
    return answer.json
  }
  /** A namespace of its own for each case, with the account that its pods need. */
  async function namespace(name: string, metadata: object = {}): Promise<string> {
    await make('/api/v1/namespaces', { metadata: { name, ...metadata } })
    const path = `/api/v1/namespaces/${name}`
    await make(`${path}/serviceaccounts`, { metadata: { name: 'default' } })
    return path
  }
  before(async () => {
    server = await startTestServer({
      admission: { enable: ['PodNodeSelector', 'OwnerReferencesPermissionEnforcement'] },
    })
  })
  after(() => server.server.close())

  it('refuses to start with a plugin that nobody knows', async () => {
    await assert.rejects(
      startTestServer({ admission: { disable: ['Nonsense'] } }),
      /unknown admission plugin: Nonsense/,
    )
  })

  it('gives every pod its account, its token and its tolerations', async () => {
    const path = await namespace('plain')
    const made = await make(`${path}/pods`, pod('a'))
    assert.equal(made.spec.serviceAccountName, 'default')
    assert.equal(made.spec.containers[0].volumeMounts[0].mountPath, '/var/run/secrets/kubernetes.io/serviceaccount')
    assert.deepEqual(
      made.spec.volumes[0].projected.sources.map((source: object) => Object.keys(source)[0]),
      ['serviceAccountToken', 'configMap', 'downwardAPI'],
    )
    assert.deepEqual(
      made.spec.tolerations.map(({ key, tolerationSeconds }: { key: string; tolerationSeconds: number }) => [
        key,
        tolerationSeconds,
      ]),
      [
        ['node.kubernetes.io/not-ready', 300],
        ['node.kubernetes.io/unreachable', 300],
      ],
    )
    assert.deepEqual([made.spec.priority, made.spec.preemptionPolicy], [0, 'PreemptLowerPriority'])
  })

  it('leaves out the token where account or pod say so', async () => {
    const path = await namespace('tokenless')
    const made = await make(`${path}/pods`, pod('a', { automountServiceAccountToken: false }))
    assert.equal(made.spec.volumes, undefined)
    const refused = await call('POST', `${path}/pods`, { body: pod('b', { serviceAccountName: 'none' }) })
    assert.match(
      refused.json.message,
      /error looking up service account tokenless\/none: serviceaccount "none" not found/,
    )
  })

  it('turns the name of a priority class into its number', async () => {
    const path = await namespace('priorities')
    await make('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: 'high' }, value: 1000 })
    assert.equal((await make(`${path}/pods`, pod('a', { priorityClassName: 'high' }))).spec.priority, 1000)
    const unknown = await call('POST', `${path}/pods`, { body: pod('b', { priorityClassName: 'none' }) })
    assert.match(unknown.json.message, /no PriorityClass with name none was found/)
    const forged = await call('POST', `${path}/pods`, { body: pod('c', { priority: 5 }) })
    assert.equal(forged.status, 403)
  })

  it('fills in and enforces limit ranges', async () => {
    const path = await namespace('limited')
    await make(`${path}/limitranges`, {
      metadata: { name: 'l' },
      spec: {
        limits: [
          {
            type: 'Container',
            default: { cpu: '200m' },
            defaultRequest: { cpu: '100m' },
            max: { cpu: '1' },
            min: { cpu: '50m' },
          },
        ],
      },
    })
    const { resources } = (await make(`${path}/pods`, pod('a'))).spec.containers[0]
    assert.deepEqual(resources, { limits: { cpu: '200m' }, requests: { cpu: '100m' } })
    const greedy = pod('b', { containers: [container({ resources: { limits: { cpu: '2' } } })] })
    const refused = await call('POST', `${path}/pods`, { body: greedy })
    assert.match(refused.json.message, /pods "b" is forbidden: .*maximum cpu usage per Container is 1, but limit is 2/)
  })

  it('charges quotas, under every name that they limit', async () => {
    const path = await namespace('metered')
    const hard = { pods: '2', 'requests.cpu': '1', 'count/configmaps': '1', 'services.nodeports': '1' }
    await make(`${path}/resourcequotas`, { metadata: { name: 'q' }, spec: { hard } })
    const asking = (name: string, cpu: string) =>
      pod(name, { containers: [container({ resources: { requests: { cpu } } })] })
    await make(`${path}/pods`, asking('a', '600m'))
    const quota = await call('GET', `${path}/resourcequotas/q`)
    assert.deepEqual(quota.json.status.used, { pods: '1', 'requests.cpu': '600m' })
    const refusals: [string, string, object, RegExp][] = [
      [
        'too much',
        'pods',
        asking('b', '500m'),
        /exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1$/,
      ],
      ['no amount', 'pods', pod('b'), /failed quota: q: must specify requests.cpu for: c/],
    ]
    for (const [what, plural, body, message] of refusals) {
      const answer = await call('POST', `${path}/${plural}`, { body })
      assert.equal(answer.status, 403, what)
      assert.match(answer.json.message, message)
    }
    await make(`${path}/configmaps`, { metadata: { name: 'one' } })
    assert.equal((await call('POST', `${path}/configmaps`, { body: { metadata: { name: 'two' } } })).status, 403)
    assert.equal(
      (await call('POST', `${path}/configmaps?dryRun=All`, { body: { metadata: { name: 'two' } } })).status,
      403,
    )
  })

  const levels: [string, object, string, RegExp | undefined][] = [
    ['baseline takes a plain pod', {}, 'baseline', undefined],
    [
      'baseline refuses the host',
      { hostNetwork: true, hostPID: true },
      'baseline',
      /violates PodSecurity "baseline:latest": host namespaces \(hostNetwork=true, hostPID=true\)/,
    ],
    [
      'baseline refuses privileges',
      { containers: [container({ securityContext: { privileged: true } })] },
      'baseline',
      /privileged \(container "c" must not set securityContext.privileged=true\)/,
    ],
    [
      'baseline refuses host paths',
      { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
      'baseline',
      /hostPath volumes \(volume "v"\)/,
    ],
    [
      'restricted refuses a plain pod',
      {},
      'restricted',
      /allowPrivilegeEscalation != false .*unrestricted capabilities .*runAsNonRoot != true .*seccompProfile/,
    ],
    [
      'restricted takes a careful one',
      {
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          container({ securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }),
        ],
      },
      'restricted',
      undefined,
    ],
  ]
  for (const [index, [what, spec, level, message]] of levels.entries()) {
    it(`pod security: ${what}`, async () => {
      const path = await namespace(`level-${index}`, { labels: { 'pod-security.kubernetes.io/enforce': level } })
      const answer = await call('POST', `${path}/pods`, { body: pod('a', spec) })
      assert.equal(answer.status, message ? 403 : 201, answer.text)
      if (message) assert.match(answer.json.message, message)
    })
  }

  it('pod security: warns about the templates of workloads', async () => {
    const path = await namespace('warned', { labels: { 'pod-security.kubernetes.io/warn': 'restricted' } })
    const body = {
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container()] } },
      },
    }
    const answer = await call('POST', path.replace('/api/v1', '/apis/apps/v1').concat('/deployments'), { body })
    assert.equal(answer.status, 201)
    assert.match(String(answer.headers.warning), /would violate PodSecurity \\"restricted:latest\\"/)
  })

  it('puts the pods of a namespace where its selector says', async () => {
    const path = await namespace('placed', { annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'zone=a' } })
    assert.deepEqual((await make(`${path}/pods`, pod('a'))).spec.nodeSelector, { zone: 'a' })
    assert.equal((await call('POST', `${path}/pods`, { body: pod('b', { nodeSelector: { zone: 'b' } }) })).status, 403)
  })

  it('taints new nodes, and protects claims', async () => {
    const node = await make('/api/v1/nodes', { metadata: { name: 'n' } })
    assert.deepEqual(node.spec.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
    const path = await namespace('claims')
    await make('/apis/storage.k8s.io/v1/storageclasses', {
      metadata: { name: 'std', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'example.com/x',
    })
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    const claim = await make(`${path}/persistentvolumeclaims`, { metadata: { name: 'p' }, spec })
    assert.deepEqual(
      [claim.spec.storageClassName, claim.metadata.finalizers],
      ['std', ['kubernetes.io/pvc-protection']],
    )
  })

  it('evicts while the budget allows', async () => {
    const path = await namespace('evicted')
    const budgets = path.replace('/api/v1', '/apis/policy/v1').concat('/poddisruptionbudgets')
    await make(budgets, { metadata: { name: 'b' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } } })
    const status = {
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
      observedGeneration: 1,
    }
    await call('PATCH', `${budgets}/b/status`, { body: { status }, headers: MERGE })
    for (const name of ['a', 'b']) {
      await make(`${path}/pods`, pod(name, {}, { labels: { app: 'x' } }))
      const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
      await call('PATCH', `${path}/pods/${name}/status`, { body: { status: ready }, headers: MERGE })
    }
    const evict = (name: string) =>
      call('POST', `${path}/pods/${name}/eviction`, {
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
      })
    assert.equal((await evict('a')).status, 201)
    const second = await evict('b')
    assert.deepEqual(
      [second.status, second.json.details.causes[0].reason, second.headers['retry-after']],
      [429, 'DisruptionBudget', undefined],
    )
  })

  it('lets policies in CEL decide', async () => {
    const group = '/apis/admissionregistration.k8s.io/v1'
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] }
    await make(`${group}/validatingadmissionpolicies`, {
      metadata: { name: 'few-keys' },
      spec: {
        matchConstraints: { resourceRules: [rule] },
        variables: [{ name: 'keys', expression: 'has(object.data) ? object.data.size() : 0' }],
        validations: [
          { expression: 'variables.keys <= 1', messageExpression: "'has ' + string(variables.keys) + ' keys'" },
        ],
      },
    })
    const path = await namespace('policed', { labels: { policed: 'yes' } })
    await make(`${group}/validatingadmissionpolicybindings`, {
      metadata: { name: 'here' },
      spec: {
        policyName: 'few-keys',
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { policed: 'yes' } } },
      },
    })
    await make(`${path}/configmaps`, { metadata: { name: 'one' }, data: { a: '1' } })
    const refused = await call('POST', `${path}/configmaps`, {
      body: { metadata: { name: 'two' }, data: { a: '1', b: '2' } },
    })
    assert.equal(
      refused.json.message,
      `configmaps "two" is forbidden: ValidatingAdmissionPolicy 'few-keys' with binding 'here' denied request: has 2 keys`,
    )
    await make('/api/v1/namespaces/default/configmaps', { metadata: { name: 'elsewhere' }, data: { a: '1', b: '2' } })
  })

  it('lets policies ask for the rights of who sends something', async () => {
    const group = '/apis/admissionregistration.k8s.io/v1'
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }
    const path = await namespace('rights')
    const mayRead = (subject: string) =>
      `${subject}.group('').resource('secrets').namespace('rights').check('get').allowed()`
    await make(`${group}/validatingadmissionpolicies`, {
      metadata: { name: 'rights' },
      spec: {
        matchConstraints: {
          resourceRules: [rule],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'rights' } },
        },
        matchConditions: [{ name: 'asks', expression: "object.metadata.name.startsWith('asks')" }],
        variables: [{ name: 'mayRead', expression: mayRead('authorizer') }],
        validations: [
          { expression: 'variables.mayRead', message: 'readers of secrets only' },
          { expression: `!${mayRead("authorizer.serviceAccount('rights', 'default')")}`, message: 'not the account' },
          { expression: "authorizer.path('/version').check('get').allowed()", message: 'who sees the version' },
          { expression: "authorizer.requestResource.check('create').allowed()", message: 'who may do this at all' },
        ],
      },
    })
    await make(`${group}/validatingadmissionpolicybindings`, {
      metadata: { name: 'rights' },
      spec: { policyName: 'rights', validationActions: ['Deny'] },
    })
    await make(`${path}/configmaps`, { metadata: { name: 'asks-admin' } })
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/rights'
    await make(`${rbac}/roles`, {
      metadata: { name: 'maker' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }],
    })
    await make(`${rbac}/rolebindings`, {
      metadata: { name: 'maker' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'maker' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }],
    })
    const as = { name: 'bob', groups: ['system:authenticated'] }
    const refused = await call('POST', `${path}/configmaps`, { as, body: { metadata: { name: 'asks-bob' } } })
    assert.match(refused.json.message, /denied request: readers of secrets only$/)
    const passed = await call('POST', `${path}/configmaps`, { as, body: { metadata: { name: 'other' } } })
    assert.equal(passed.status, 201, passed.text)
  })

  it('lets policies see other versions of what they are for', async () => {
    const group = '/apis/admissionregistration.k8s.io/v1'
    const rule = { apiGroups: ['autoscaling'], apiVersions: ['v2'], operations: ['CREATE'], resources: ['*'] }
    await make(`${group}/validatingadmissionpolicies`, {
      metadata: { name: 'scalers' },
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: 'object.spec.metrics[0].resource.target.averageUtilization < 90' }],
      },
    })
    await make(`${group}/validatingadmissionpolicybindings`, {
      metadata: { name: 'scalers' },
      spec: { policyName: 'scalers', validationActions: ['Deny'] },
    })
    const scaleTargetRef = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }
    const scaler = (name: string, targetCPUUtilizationPercentage: number) =>
      call('POST', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', {
        body: { metadata: { name }, spec: { maxReplicas: 3, targetCPUUtilizationPercentage, scaleTargetRef } },
      })
    assert.equal((await scaler('calm', 70)).status, 201)
    const refused = await scaler('eager', 95)
    assert.match(refused.json.message, /ValidatingAdmissionPolicy 'scalers' .* denied request/, refused.text)
    assert.equal(refused.status, 422)
  })
})
