import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { condition, container, phase, QUICK, remove, type Scenario, shell } from './steps.ts'

/** What goes into a container, and what is wrong with it. */
export const CONFIGURATION: Scenario[] = [
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
  {
    title: 'an image that nobody has',
    async run(node, driver) {
      const main = { name: 'main', image: 'kubelet-test-no-such-image:1' }
      node.create('imageless', { ...QUICK, containers: [main] })
      await driver.until('it fails', () => container(node, 'imageless')?.state?.waiting?.reason === 'ErrImagePull')
      await driver.until('it waits', () => container(node, 'imageless')?.state?.waiting?.reason === 'ImagePullBackOff')
      assert.match(
        container(node, 'imageless')?.state?.waiting?.message ?? '',
        /^Back-off pulling image "kubelet-test-no-such-image:1": ErrImagePull: /,
      )
      const words = /^BackOff: Back-off pulling image "kubelet-test-no-such-image:1", next try in \d+ s$/
      assert.ok(
        node.events('imageless').some(event => words.test(event)),
        node.events('imageless').join('\n'),
      )
      await remove(node, driver, 'imageless')
    },
  },
]
