import assert from 'node:assert/strict'
import { condition, container, phase, QUICK, remove, type Scenario, shell } from './steps.ts'

/** How pods begin, run and end. */
export const LIVES: Scenario[] = [
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
      const words = /^BackOff: Back-off restarting failed container main in pod crash_default\(.*\), next try in 1 s$/
      assert.ok(
        node.events('crash').some(event => words.test(event)),
        node.events('crash').join('\n'),
      )
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
    title: 'a program that takes more memory than it may',
    async run(node, driver) {
      const resources = { limits: { memory: '16Mi' } }
      const main = { name: 'main', image: 'dirty-memory', imagePullPolicy: 'IfNotPresent', resources }
      node.create('greedy', { ...QUICK, restartPolicy: 'Never', containers: [main] })
      await driver.until('the pod fails', () => phase(node, 'greedy') === 'Failed')
      assert.equal(container(node, 'greedy')?.state?.terminated?.reason, 'OOMKilled')
      await remove(node, driver, 'greedy')
    },
  },
]
