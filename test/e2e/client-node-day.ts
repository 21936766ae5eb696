import assert from 'node:assert/strict'
import { PassThrough, Readable, Writable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Pod,
  type V1Status,
  Watch,
} from '@kubernetes/client-node'
import type { TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'

const NAMESPACE = 'client-node'

/** Serves a page; ends with a last line once a file appears, so that logs can be followed to their end. */
const SCRIPT = [
  'echo started',
  'echo from within > /page',
  'httpd -p 8080 -h /',
  'while [ ! -e /go ]; do sleep 0.1; done',
  'echo gone on',
].join('; ')

const POD: V1Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: NAMESPACE, labels: { app: 'web' } },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', SCRIPT] }],
  },
}

const configMap = (name: string, data: Record<string, string>, more: object = {}): V1ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE, ...more },
  data,
})

/** What a program does that was written with the official client for JavaScript, unmodified. */
export function clientNodeDay(title: string, clusterOf: () => TestCluster): void {
  describe(title, { concurrency: 1 }, () => {
    let cluster: TestCluster
    let config: KubeConfig
    let core: CoreV1Api
    let objects: KubernetesObjectApi

    before(async () => {
      cluster = clusterOf()
      config = new KubeConfig()
      config.loadFromFile(cluster.kubeconfig)
      core = config.makeApiClient(CoreV1Api)
      objects = KubernetesObjectApi.makeApiClient(config)
      await core.createNamespace({ body: { metadata: { name: NAMESPACE } } })
      // The pod starts while the tests of plain objects run.
      await eventually({ what: 'the namespace has its service account', everyMs: 50 }, async () => {
        const { items } = await core.listNamespacedServiceAccount({ namespace: NAMESPACE })
        return items.some(({ metadata }) => metadata?.name === 'default')
      })
      await core.createNamespacedPod({ namespace: NAMESPACE, body: POD })
    })
    after(async () => {
      await core?.deleteNamespacedPod({ name: 'web', namespace: NAMESPACE, gracePeriodSeconds: 0 })
      await core?.deleteNamespace({ name: NAMESPACE })
    })

    const running = () =>
      eventually({ what: 'the pod runs', everyMs: 100, deadlineMs: 180_000, evidence: cluster.evidence }, async () => {
        const { status } = await core.readNamespacedPod({ name: 'web', namespace: NAMESPACE })
        return status?.phase === 'Running'
      })

    it('creates, reads, replaces, lists and deletes', async () => {
      const made = await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap('a', { k: '1' }) })
      assert.ok(made.metadata?.creationTimestamp instanceof Date)
      const read = await core.readNamespacedConfigMap({ name: 'a', namespace: NAMESPACE })
      assert.deepEqual(read, made)
      const changed = { ...read, data: { k: '2' } }
      const replaced = await core.replaceNamespacedConfigMap({ name: 'a', namespace: NAMESPACE, body: changed })
      assert.deepEqual(replaced.data, { k: '2' })
      const { items } = await core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: '!app', limit: 1 })
      assert.equal(items.length, 1)
      await refused(409, core.replaceNamespacedConfigMap({ name: 'a', namespace: NAMESPACE, body: changed }))
      await core.deleteNamespacedConfigMap({ name: 'a', namespace: NAMESPACE })
      await refused(404, core.readNamespacedConfigMap({ name: 'a', namespace: NAMESPACE }))
    })

    const patches: [string, PatchStrategy, unknown][] = [
      ['JSON', PatchStrategy.JsonPatch, [{ op: 'add', path: '/data/json', value: 'yes' }]],
      ['merge', PatchStrategy.MergePatch, { data: { merge: 'yes' } }],
      ['strategic merge', PatchStrategy.StrategicMergePatch, { data: { strategic: 'yes', k: null } }],
    ]
    it('patches in each way', async () => {
      await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap('patched', { k: '1' }) })
      for (const [, strategy, body] of patches) {
        const options = setHeaderOptions('Content-Type', strategy)
        await core.patchNamespacedConfigMap({ name: 'patched', namespace: NAMESPACE, body }, options)
      }
      const { data } = await core.readNamespacedConfigMap({ name: 'patched', namespace: NAMESPACE })
      assert.deepEqual(data, { json: 'yes', merge: 'yes', strategic: 'yes' })
    })

    it('applies on the server: owners, conflicts, force, removal', async () => {
      const apply = (manager: string, data: Record<string, string>, force = false) =>
        objects.patch<V1ConfigMap>(
          configMap('applied', data),
          ...[undefined, undefined, manager, force, PatchStrategy.ServerSideApply],
        )
      await apply('one', { a: '1', b: '1' })
      await refused(409, apply('two', { a: '2' }))
      assert.deepEqual((await apply('two', { a: '2' }, true)).data, { a: '2', b: '1' })
      const left = await apply('one', {})
      assert.deepEqual(left.data, { a: '2' })
      assert.ok(
        left.metadata?.managedFields?.some(({ manager, operation }) => manager === 'two' && operation === 'Apply'),
      )
    })

    it('works on kinds that it learns of by discovery, custom ones among them', async () => {
      await objects.create(definition())
      const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: NAMESPACE } }
      const custom = config.makeApiClient(CustomObjectsApi)
      const place = { group: 'example.com', version: 'v1', namespace: NAMESPACE, plural: 'widgets' }
      await eventually({ what: 'the kind is served', everyMs: 50 }, async () =>
        custom.createNamespacedCustomObject({ ...place, body: { ...widget, spec: { size: 3 } } }),
      )
      const read = await custom.getNamespacedCustomObject({ ...place, name: 'w' })
      assert.equal(read.spec.size, 3)
      assert.equal((await objects.read(widget)).metadata?.uid, read.metadata.uid)
      const { items } = await objects.list('example.com/v1', 'Widget', NAMESPACE)
      assert.equal(items.length, 1)
      await objects.delete(widget)
      await objects.delete(definition())
    })

    it('reads deployments with their scale', async () => {
      const apps = config.makeApiClient(AppsV1Api)
      const place = { name: 'none', namespace: NAMESPACE }
      const labels = { app: 'none' }
      const containers = [{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '9'] }]
      const spec = {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      }
      await apps.createNamespacedDeployment({ namespace: NAMESPACE, body: { metadata: { name: 'none' }, spec } })
      const scale = await apps.readNamespacedDeploymentScale(place)
      assert.deepEqual([scale.kind, scale.spec?.replicas ?? 0, scale.status?.selector], ['Scale', 0, 'app=none'])
      await apps.deleteNamespacedDeployment(place)
    })

    it('watches from a revision: nothing lost, nothing twice', async () => {
      const { metadata } = await core.listNamespacedConfigMap({ namespace: NAMESPACE })
      const seen: string[] = []
      const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`
      const query = { resourceVersion: metadata?.resourceVersion, labelSelector: 'watched=yes' }
      const request = await new Watch(config).watch(
        path,
        query,
        (type, object) => seen.push(`${type} ${object.metadata.name} ${object.data.n}`),
        () => undefined,
      )
      const labels = { watched: 'yes' }
      await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap('n', { n: '0' }, { labels }) })
      for (let n = 1; n <= 5; n++) {
        const body = configMap('n', { n: String(n) }, { labels })
        await core.replaceNamespacedConfigMap({ name: 'n', namespace: NAMESPACE, body })
      }
      await core.deleteNamespacedConfigMap({ name: 'n', namespace: NAMESPACE })
      const whole = ['ADDED n 0', ...[1, 2, 3, 4, 5].map(n => `MODIFIED n ${n}`), 'DELETED n 5']
      await eventually({ what: 'the last change is seen', everyMs: 20, evidence: () => seen.join() }, async () =>
        seen.includes('DELETED n 5'),
      )
      request.abort()
      assert.deepEqual(seen, whole)
    })

    it('keeps an informer up to date', async () => {
      const list = () => core.listNamespacedSecret({ namespace: NAMESPACE, labelSelector: 'kept=yes' })
      const informer = makeInformer(config, `/api/v1/namespaces/${NAMESPACE}/secrets`, list, 'kept=yes')
      const seen: string[] = []
      for (const verb of ['add', 'update', 'delete'] as const)
        informer.on(verb, ({ metadata }) => seen.push(`${verb} ${metadata?.name}`))
      const secret = (value: string) => ({ metadata: { name: 's', labels: { kept: 'yes' } }, stringData: { value } })
      const place = { name: 's', namespace: NAMESPACE }
      await core.createNamespacedSecret({ namespace: NAMESPACE, body: secret('1') })
      await informer.start()
      await core.replaceNamespacedSecret({ ...place, body: secret('2') })
      await eventually({ what: 'the cache has the new value', everyMs: 20 }, async () => {
        return informer.get('s', NAMESPACE)?.data?.value === Buffer.from('2').toString('base64')
      })
      await core.deleteNamespacedSecret(place)
      await eventually({ what: 'the cache is empty', everyMs: 20 }, async () => informer.list(NAMESPACE).length === 0)
      await informer.stop()
      assert.deepEqual(seen, ['add s', 'update s', 'delete s'])
    })

    it('executes: both outputs, input, and the code at the end', async () => {
      await running()
      const [out, err] = [new Collected(), new Collected()]
      const script = 'read line; echo "out $line"; echo "err $line" >&2; exit 3'
      const status = await new Promise<V1Status>((resolve, reject) => {
        const input = Readable.from(['typed\n'])
        new Exec(config)
          .exec(NAMESPACE, 'web', 'main', ['sh', '-c', script], out, err, input, false, resolve)
          .catch(reject)
      })
      assert.deepEqual([out.text, err.text], ['out typed\n', 'err typed\n'])
      assert.deepEqual([status.status, status.reason], ['Failure', 'NonZeroExitCode'])
      assert.equal(status.details?.causes?.[0]?.message, '3')
    })

    it('forwards a port', async () => {
      await running()
      const [input, out, err] = [new PassThrough(), new Collected(), new Collected()]
      const socket = await new PortForward(config).portForward(NAMESPACE, 'web', [8080], out, err, input)
      input.write('GET /page HTTP/1.0\r\n\r\n')
      await eventually({ what: 'the page comes', everyMs: 20, evidence: () => out.text + err.text }, async () =>
        out.text.endsWith('from within\n'),
      )
      assert.match(out.text, /^HTTP\/1\.\d 200 OK\r\n/)
      if (typeof socket === 'object') socket.close()
    })

    it('reads logs, and follows them', async () => {
      await running()
      const followed = new Collected()
      await new Log(config).log(NAMESPACE, 'web', 'main', followed, { follow: true })
      await eventually({ what: 'the first line', everyMs: 20 }, async () => followed.text === 'started\n')
      await new Promise<V1Status>((resolve, reject) => {
        const touch = ['touch', '/go']
        new Exec(config)
          .exec(NAMESPACE, 'web', 'main', touch, null, new Collected(), null, false, resolve)
          .catch(reject)
      })
      await eventually({ what: 'the log ends with its container', everyMs: 20 }, async () => followed.writableFinished)
      assert.equal(followed.text, 'started\ngone on\n')
      const last = await core.readNamespacedPodLog({ name: 'web', namespace: NAMESPACE, tailLines: 1 })
      assert.equal(last, 'gone on\n')
    })
  })
}

class Collected extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

async function refused(code: number, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, error => {
    assert.ok(error instanceof ApiException, String(error))
    assert.equal(error.code, code)
    return true
  })
}

function definition() {
  const spec = { type: 'object', properties: { size: { type: 'integer' } } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget' }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}
