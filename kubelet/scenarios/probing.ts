import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { condition, container, QUICK, remove, type Scenario, shell } from './steps.ts'

/** Probes and hooks. */
export const PROBING: Scenario[] = [
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
]
