import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Pod } from '../api/types/core-v1.ts'
import type { Driver } from './testing/drivers.ts'
import type { TestNode } from './testing/node.ts'

/** A pod's life as a user sees it: the same on the fake engine and on Docker. */
export interface Scenario {
  title: string
  run(node: TestNode, driver: Driver): Promise<void>
}

type Spec = NonNullable<Pod['spec']>
type Containers = Spec['containers']

/** A container that runs a script, from an image that is there. */
function shell(name: string, script: string, more: Partial<Containers[number]> = {}): Containers[number] {
  return { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], ...more }
}

const QUICK = { terminationGracePeriodSeconds: 1 }

function phase(node: TestNode, name: string): string | undefined {
  return node.pod(name)?.status?.phase
}

function container(node: TestNode, pod: string, index = 0) {
  return node.pod(pod)?.status?.containerStatuses?.[index]
}

function condition(node: TestNode, pod: string, type: string): string | undefined {
  return node.pod(pod)?.status?.conditions?.find(one => one.type === type)?.status
}

async function remove(node: TestNode, driver: Driver, name: string): Promise<void> {
  node.delete(name)
  await driver.until(`pod ${name} is gone`, () => node.pod(name) === undefined)
}

export const SCENARIOS: Scenario[] = [
  {
    title: 'a pod runs, is ready, has addresses, and goes when it is deleted',
    async run(node, driver) {
      node.create('web', { ...QUICK, containers: [shell('main', 'sleep infinity')] })
      await driver.until('the pod is ready', () => condition(node, 'web', 'Ready') === 'True')
      const { status } = node.pod('web')!
      assert.equal(status?.phase, 'Running')
      assert.match(status?.podIP ?? '', /^\d+\.\d+\.\d+\.\d+$/)
      assert.equal(status?.hostIP, '127.0.0.1')
      assert.equal(status?.qosClass, 'BestEffort')
      assert.match(container(node, 'web')?.containerID ?? '', /^docker:\/\/[0-9a-f]{64}$/)
      assert.equal(container(node, 'web')?.restartCount, 0)
      await remove(node, driver, 'web')
      const reasons = node.events('web').map(event => event.split(':')[0])
      assert.deepEqual(reasons, ['Pulled', 'Created', 'Started', 'Killing'])
    },
  },
  {
    title: 'a pod that ends by itself: its phase and exit code say how',
    async run(node, driver) {
      node.create('good', { restartPolicy: 'Never', containers: [shell('main', 'exit 0')] })
      node.create('bad', { restartPolicy: 'Never', containers: [shell('main', 'exit 7')] })
      await driver.until('one succeeds', () => phase(node, 'good') === 'Succeeded')
      await driver.until('one fails', () => phase(node, 'bad') === 'Failed')
      assert.equal(container(node, 'good')?.state?.terminated?.reason, 'Completed')
      assert.equal(container(node, 'bad')?.state?.terminated?.reason, 'Error')
      assert.equal(container(node, 'bad')?.state?.terminated?.exitCode, 7)
      await remove(node, driver, 'good')
      await remove(node, driver, 'bad')
    },
  },
  {
    title: 'a container that fails is started again, later each time, and shows why it waits',
    async run(node, driver) {
      node.create('crash', { ...QUICK, containers: [shell('main', 'exit 3')] })
      await driver.until(
        'it is in back-off',
        () => container(node, 'crash')?.state?.waiting?.reason === 'CrashLoopBackOff',
      )
      assert.match(
        container(node, 'crash')?.state?.waiting?.message ?? '',
        /^back-off 1s restarting failed container=main pod=crash_default\(/,
      )
      assert.equal(container(node, 'crash')?.lastState?.terminated?.exitCode, 3)
      await driver.until('it restarts again', () => (container(node, 'crash')?.restartCount ?? 0) >= 3)
      assert.equal(phase(node, 'crash'), 'Running')
      await remove(node, driver, 'crash')
    },
  },
  {
    title: 'init containers run one after the other before the others; a failing one is tried again',
    async run(node, driver) {
      const volumeMounts = [{ name: 'shared', mountPath: '/shared' }]
      node.create('init', {
        ...QUICK,
        volumes: [{ name: 'shared', emptyDir: {} }],
        initContainers: [
          shell('first', 'echo one >> /shared/order', { volumeMounts }),
          shell(
            'second',
            'cat /shared/tried || touch /shared/tried && test -e /shared/nothing || echo two >> /shared/order',
            {
              volumeMounts,
            },
          ),
        ],
        containers: [shell('main', 'cat /shared/order; sleep infinity', { volumeMounts })],
      })
      await driver.until('the pod is ready', () => condition(node, 'init', 'Ready') === 'True')
      const inits = node.pod('init')?.status?.initContainerStatuses ?? []
      assert.deepEqual(
        inits.map(one => one.state?.terminated?.reason),
        ['Completed', 'Completed'],
      )
      assert.equal(condition(node, 'init', 'Initialized'), 'True')
      await remove(node, driver, 'init')
    },
  },
  {
    title: 'an init container that fails in a pod that never restarts fails the pod',
    async run(node, driver) {
      node.create('stuck', {
        restartPolicy: 'Never',
        initContainers: [shell('first', 'exit 4')],
        containers: [shell('main', 'sleep infinity')],
      })
      await driver.until('the pod fails', () => phase(node, 'stuck') === 'Failed')
      assert.equal(node.pod('stuck')?.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 4)
      assert.equal(container(node, 'stuck')?.state?.waiting?.reason, 'PodInitializing')
      await remove(node, driver, 'stuck')
    },
  },
  {
    title: 'a sidecar starts before the others and ends after them; a pod with it completes',
    async run(node, driver) {
      node.create('job', {
        ...QUICK,
        restartPolicy: 'Never',
        initContainers: [shell('helper', 'sleep infinity', { restartPolicy: 'Always' })],
        containers: [shell('main', 'sleep 1; exit 0')],
      })
      await driver.until('the pod succeeds', () => phase(node, 'job') === 'Succeeded')
      const helper = node.pod('job')?.status?.initContainerStatuses?.[0]
      assert.ok(helper?.state?.terminated, JSON.stringify(helper))
      await remove(node, driver, 'job')
    },
  },
  {
    title: 'an agent that is killed and started again adopts what runs',
    async run(node, driver) {
      node.create('kept', { ...QUICK, containers: [shell('main', 'sleep infinity')] })
      await driver.until('the pod is ready', () => condition(node, 'kept', 'Ready') === 'True')
      const before = container(node, 'kept')?.containerID
      await driver.finish(node.restart())
      await driver.pass(1000)
      assert.equal(container(node, 'kept')?.containerID, before)
      assert.equal(condition(node, 'kept', 'Ready'), 'True')
      await remove(node, driver, 'kept')
    },
  },
  {
    title: 'a container whose pod was deleted by force while the agent was away is removed',
    async run(node, driver) {
      node.create('orphan', { ...QUICK, containers: [shell('main', 'sleep infinity')] })
      await driver.until('the pod is ready', () => condition(node, 'orphan', 'Ready') === 'True')
      const { uid } = node.pod('orphan')!.metadata
      await driver.finish(node.agent.stop())
      node.forceDelete('orphan')
      await driver.finish(node.restart())
      const labels = { 'io.kubernetes.pod.uid': uid }
      let left = -1
      await driver.until('nothing of it is left', () => {
        void node.options.runtime.list(labels).then(found => {
          left = found.length
        })
        return left === 0
      })
    },
  },
  {
    title: 'a container that somebody removed is made again, and counted',
    async run(node, driver) {
      node.create('robbed', { ...QUICK, containers: [shell('main', 'sleep infinity')] })
      await driver.until('the pod is ready', () => condition(node, 'robbed', 'Ready') === 'True')
      await driver.finish(node.options.runtime.remove(container(node, 'robbed')!.containerID!.replace('docker://', '')))
      await driver.until(
        'it is back',
        () => container(node, 'robbed')?.restartCount === 1 && condition(node, 'robbed', 'Ready') === 'True',
      )
      await remove(node, driver, 'robbed')
    },
  },
  {
    title: 'a sandbox that somebody removed is made again with all containers',
    async run(node, driver) {
      node.create('bare', { ...QUICK, containers: [shell('main', 'sleep infinity')] })
      await driver.until('the pod is ready', () => condition(node, 'bare', 'Ready') === 'True')
      const { uid } = node.pod('bare')!.metadata
      const labels = { 'io.kubernetes.pod.uid': uid, 'io.kubernetes.docker.type': 'podsandbox' }
      const [sandbox] = await driver.finish(node.options.runtime.list(labels))
      await driver.finish(node.options.runtime.remove(sandbox!.id))
      await driver.until(
        'it is back',
        () => container(node, 'bare')?.restartCount === 1 && condition(node, 'bare', 'Ready') === 'True',
      )
      await remove(node, driver, 'bare')
    },
  },
  {
    title: 'a program that takes no notice of SIGTERM is killed when its grace is over',
    async run(node, driver) {
      const script = 'sleep infinity'
      node.create('stubborn', { terminationGracePeriodSeconds: 2, containers: [shell('main', script)] })
      await driver.until('the pod is ready', () => condition(node, 'stubborn', 'Ready') === 'True')
      await remove(node, driver, 'stubborn')
    },
  },
  {
    title: 'a pod that is past its deadline is failed',
    async run(node, driver) {
      node.create('late', { ...QUICK, activeDeadlineSeconds: 2, containers: [shell('main', 'sleep infinity')] })
      await driver.until('the pod fails', () => phase(node, 'late') === 'Failed')
      assert.equal(node.pod('late')?.status?.reason, 'DeadlineExceeded')
      await remove(node, driver, 'late')
    },
  },
  {
    title: 'a program that does not exist: the reason is shown where kubectl looks',
    async run(node, driver) {
      const main = { name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['/no-such-program'] }
      node.create('nothing', { ...QUICK, containers: [main] })
      await driver.until('it has failed', () => container(node, 'nothing')?.lastState?.terminated)
      assert.equal(container(node, 'nothing')?.lastState?.terminated?.reason, 'ContainerCannotRun')
      assert.match(container(node, 'nothing')?.lastState?.terminated?.message ?? '', /no such file or directory/)
      await remove(node, driver, 'nothing')
    },
  },
  {
    title: 'an image that is not there and may not be pulled',
    async run(node, driver) {
      const main = { name: 'main', image: 'kubelet-test-no-such-image:1', imagePullPolicy: 'Never' }
      node.create('unpulled', { ...QUICK, containers: [main] })
      await driver.until('it waits', () => container(node, 'unpulled')?.state?.waiting?.reason === 'ErrImageNeverPull')
      assert.equal(phase(node, 'unpulled'), 'Pending')
      await remove(node, driver, 'unpulled')
    },
  },
  {
    title: 'a pod whose ConfigMap is missing starts as soon as it is there',
    async run(node, driver) {
      const envFrom = [{ configMapRef: { name: 'settings' } }]
      node.create('waiting', { ...QUICK, containers: [shell('main', 'sleep infinity', { envFrom })] })
      await driver.until(
        'it waits',
        () => container(node, 'waiting')?.state?.waiting?.reason === 'CreateContainerConfigError',
      )
      assert.equal(container(node, 'waiting')?.state?.waiting?.message, 'configmap "settings" not found')
      const metadata = { name: 'settings', namespace: 'default' }
      node.api.put('/api/v1/namespaces/default/configmaps/settings', { metadata, data: { A: '1' } } as never)
      await driver.until('the pod is ready', () => condition(node, 'waiting', 'Ready') === 'True', 5000)
      await remove(node, driver, 'waiting')
    },
  },
  {
    title: 'the last words of a container are in its status',
    async run(node, driver) {
      node.create('words', {
        restartPolicy: 'Never',
        containers: [shell('main', 'echo farewell > /dev/termination-log; exit 1')],
      })
      await driver.until('the pod fails', () => phase(node, 'words') === 'Failed')
      assert.equal(container(node, 'words')?.state?.terminated?.message, 'farewell\n')
      await remove(node, driver, 'words')
    },
  },
  {
    title: 'a container whose liveness probe fails is replaced, as in the exec example that everybody starts with',
    async run(node, driver) {
      const script = 'touch /tmp/healthy; sleep 3; rm -rf /tmp/healthy; sleep 600'
      const exec = { command: ['cat', '/tmp/healthy'] }
      const livenessProbe = { exec, initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 10 }
      node.create('liveness-exec', { ...QUICK, containers: [shell('liveness', script, { livenessProbe })] })
      await driver.until('it is restarted', () => container(node, 'liveness-exec')?.restartCount === 1)
      const events = node.events('liveness-exec')
      const words = ["cat: can't open '/tmp/healthy': No such file or directory"]
      assert.ok(events.includes(`Unhealthy: Liveness probe failed: ${words[0]}`), events.join('\n'))
      assert.ok(
        events.includes('Killing: Container liveness failed liveness probe, will be restarted'),
        events.join('\n'),
      )
      assert.equal(container(node, 'liveness-exec')?.lastState?.terminated?.exitCode, 137)
      await remove(node, driver, 'liveness-exec')
    },
  },
  {
    title: 'a pod is ready only while its readiness probe succeeds',
    async run(node, driver) {
      const readinessProbe = {
        exec: { command: ['cat', '/tmp/ready'] },
        periodSeconds: 1,
        failureThreshold: 1,
        timeoutSeconds: 10,
      }
      const script = 'sleep 2; touch /tmp/ready; sleep 8; rm /tmp/ready; sleep infinity'
      node.create('readiness', { ...QUICK, containers: [shell('main', script, { readinessProbe })] })
      await driver.until('it runs', () => container(node, 'readiness')?.state?.running)
      assert.equal(container(node, 'readiness')?.ready, false)
      await driver.until('it is ready', () => condition(node, 'readiness', 'Ready') === 'True')
      await driver.until('it is not any more', () => condition(node, 'readiness', 'Ready') === 'False')
      assert.equal(container(node, 'readiness')?.restartCount, 0)
      await remove(node, driver, 'readiness')
    },
  },
  {
    title: 'a startup probe holds the liveness probe back, and replaces what never starts',
    async run(node, driver) {
      const livenessProbe = {
        exec: { command: ['cat', '/tmp/up'] },
        periodSeconds: 1,
        failureThreshold: 1,
        timeoutSeconds: 10,
      }
      const patient = {
        exec: { command: ['cat', '/tmp/up'] },
        periodSeconds: 1,
        failureThreshold: 30,
        timeoutSeconds: 10,
      }
      const hasty = { ...patient, failureThreshold: 2 }
      const slow = 'sleep 3; touch /tmp/up; sleep infinity'
      node.create('slow', { ...QUICK, containers: [shell('main', slow, { livenessProbe, startupProbe: patient })] })
      node.create('never', { ...QUICK, containers: [shell('main', 'sleep infinity', { startupProbe: hasty })] })
      await driver.until('the slow one has started', () => container(node, 'slow')?.started === true)
      assert.equal(container(node, 'slow')?.restartCount, 0)
      await driver.until('the other is replaced', () => container(node, 'never')?.restartCount === 1)
      const events = node.events('never')
      assert.ok(events.includes('Killing: Container main failed startup probe, will be restarted'), events.join('\n'))
      await remove(node, driver, 'slow')
      await remove(node, driver, 'never')
    },
  },
  {
    title: 'a probe that hangs is cut at its timeout',
    async run(node, driver) {
      const livenessProbe = { exec: { command: ['sleep', '1000'] }, periodSeconds: 1, failureThreshold: 1 }
      node.create('hung', { ...QUICK, containers: [shell('main', 'sleep infinity', { livenessProbe })] })
      await driver.until('it is replaced', () => container(node, 'hung')?.restartCount === 1)
      const events = node.events('hung')
      const words = 'Unhealthy: Liveness probe failed: command timed out: "sleep 1000" timed out after 1s'
      assert.ok(events.includes(words), events.join('\n'))
      await remove(node, driver, 'hung')
    },
  },
  {
    title: 'hooks: postStart before a container counts as started, preStop before it is told to stop',
    async run(node, driver) {
      const volumeMounts = [{ name: 'shared', mountPath: '/shared' }]
      const say = (words: string) => ({ exec: { command: ['sh', '-c', `echo ${words} >> /shared/said`] } })
      const lifecycle = { postStart: say('hello'), preStop: say('goodbye') }
      node.create('hooks', {
        ...QUICK,
        volumes: [{ name: 'shared', emptyDir: {} }],
        containers: [
          shell('main', 'sleep infinity', { lifecycle, volumeMounts }),
          shell('other', 'sleep 1; cat /shared/said; sleep infinity', { volumeMounts }),
        ],
      })
      await driver.until('the pod is ready', () => condition(node, 'hooks', 'Ready') === 'True')
      const { uid } = node.pod('hooks')!.metadata
      const said = `${node.options.paths.root}/pods/${uid}/volumes/kubernetes.io~empty-dir/shared/said`
      assert.equal(readFileSync(said, 'utf8'), 'hello\n')
      node.delete('hooks')
      let last = ''
      await driver.until('the last word', () => {
        last = existsSync(said) ? readFileSync(said, 'utf8') : last
        return last.includes('goodbye') || node.pod('hooks') === undefined
      })
      assert.equal(last, 'hello\ngoodbye\n')
      await driver.until('it is gone', () => node.pod('hooks') === undefined)
    },
  },
  {
    title: 'a pod from a file runs, is shown by a mirror, follows the file, and goes with it',
    async run(node, driver) {
      const file = `${node.options.paths.manifests}/static.yaml`
      const write = (script: string) => {
        const spec = { ...QUICK, containers: [shell('main', script)] }
        writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'static' }, spec }))
      }
      const name = `static-${node.name}`
      write('sleep infinity')
      await driver.until('its mirror is ready', () => condition(node, name, 'Ready') === 'True')
      assert.equal(node.pod(name)?.metadata.ownerReferences?.[0]?.kind, 'Node')
      node.delete(name, 0)
      await driver.until('a new mirror is ready', () => {
        return condition(node, name, 'Ready') === 'True' && !node.pod(name)?.metadata.deletionTimestamp
      })
      assert.equal(container(node, name)?.restartCount, 0)
      const before = container(node, name)?.containerID
      write('sleep infinity; exit 1')
      await driver.until('the new version is ready', () => {
        return container(node, name)?.containerID !== before && condition(node, name, 'Ready') === 'True'
      })
      rmSync(file)
      await driver.until('the mirror is gone', () => node.pod(name) === undefined)
    },
  },
  {
    title: 'requests and limits change while a container runs',
    async run(node, driver) {
      const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m', memory: '64Mi' } }
      node.create('resized', { ...QUICK, containers: [shell('main', 'sleep infinity', { resources })] })
      await driver.until('the pod is ready', () => condition(node, 'resized', 'Ready') === 'True')
      const id = container(node, 'resized')!.containerID!.replace('docker://', '')
      node.change('resized', pod => {
        const [main] = pod.spec.containers
        const bigger = { requests: { cpu: '150m' }, limits: { cpu: '300m', memory: '96Mi' } }
        return { ...pod, spec: { ...pod.spec, containers: [{ ...main!, resources: bigger }] } }
      })
      let memory: number | undefined
      await driver.until('the limit has changed', () => {
        void node.options.runtime.inspect(id).then(found => {
          memory = found?.resources.memory
        })
        return memory === 96 * 2 ** 20
      })
      assert.equal(container(node, 'resized')?.restartCount, 0)
      await remove(node, driver, 'resized')
    },
  },
  {
    title: 'a debug container joins a running pod, and is never started twice',
    async run(node, driver) {
      node.create('debugged', { ...QUICK, containers: [shell('main', 'sleep infinity')] })
      await driver.until('the pod is ready', () => condition(node, 'debugged', 'Ready') === 'True')
      const debug = { ...shell('debug', 'exit 5'), targetContainerName: 'main' }
      node.change('debugged', pod => ({ ...pod, spec: { ...pod.spec, ephemeralContainers: [debug] } }))
      const status = () => node.pod('debugged')?.status?.ephemeralContainerStatuses?.[0]
      await driver.until('it has ended', () => status()?.state?.terminated?.exitCode === 5)
      await driver.pass(3000)
      assert.equal(status()?.restartCount, 0)
      assert.equal(condition(node, 'debugged', 'Ready'), 'True')
      await remove(node, driver, 'debugged')
    },
  },
  {
    title: 'a field that cannot be done is refused by name, and nothing is started',
    async run(node, driver) {
      node.create('refused', { ...QUICK, runtimeClassName: 'gvisor', containers: [shell('main', 'sleep infinity')] })
      await driver.until(
        'it waits',
        () => container(node, 'refused')?.state?.waiting?.reason === 'CreateContainerConfigError',
      )
      const words = 'spec.runtimeClassName is not supported: there is one runtime: plain Docker'
      assert.equal(container(node, 'refused')?.state?.waiting?.message, words)
      await driver.until('an event says so', () => node.events('refused').includes(`UnsupportedField: ${words}`))
      await remove(node, driver, 'refused')
    },
  },
  {
    title: 'configuration reaches a container by files and variables, and files follow it',
    async run(node, driver) {
      const put = (text: string) => {
        const metadata = { name: 'conf', namespace: 'default' }
        node.api.put('/api/v1/namespaces/default/configmaps/conf', { metadata, data: { word: text } } as never)
      }
      put('first')
      const token = { serviceAccountToken: { path: 'token' } }
      const me = { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } }
      node.create('configured', {
        ...QUICK,
        volumes: [
          { name: 'conf', configMap: { name: 'conf' } },
          { name: 'all', projected: { sources: [token, me, { configMap: { name: 'conf' } }] } },
        ],
        containers: [
          shell('main', 'cat /conf/word /all/name; echo $WORD; sleep infinity', {
            env: [{ name: 'WORD', valueFrom: { configMapKeyRef: { name: 'conf', key: 'word' } } }],
            volumeMounts: [
              { name: 'conf', mountPath: '/conf' },
              { name: 'all', mountPath: '/all' },
            ],
          }),
        ],
      })
      await driver.until('the pod is ready', () => condition(node, 'configured', 'Ready') === 'True')
      const volumes = `${node.options.paths.root}/pods/${node.pod('configured')!.metadata.uid}/volumes`
      assert.equal(readFileSync(`${volumes}/kubernetes.io~projected/all/name`, 'utf8'), 'configured')
      assert.equal(readFileSync(`${volumes}/kubernetes.io~projected/all/token`, 'utf8'), 'token-of-default-default')
      put('second')
      const seen = () => readFileSync(`${volumes}/kubernetes.io~configmap/conf/word`, 'utf8')
      await driver.until('the file has changed', () => seen() === 'second', 5000)
      assert.equal(container(node, 'configured')?.restartCount, 0)
      await remove(node, driver, 'configured')
    },
  },
]
