import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { condition, container, QUICK, remove, type Scenario, shell } from './steps.ts'

/** What happens when the agent dies, or somebody interferes. */
export const RECOVERY: Scenario[] = [
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
      await driver.finish(node.restart(() => node.forceDelete('orphan')))
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
    title: 'a pod from a file runs, is shown by a mirror, follows the file, and goes with it',
    async run(node, driver) {
      const file = `${node.options.paths.manifests}/static.yaml`
      const write = (script: string) => {
        const spec = { ...QUICK, containers: [shell('main', script)] }
        writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'static' }, spec }))
      }
      const name = `static-${node.name}`
      mkdirSync(node.options.paths.manifests, { recursive: true })
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
]
