import assert from 'node:assert/strict'
import type { ContainerRuntime } from '../runtime.ts'
import type { Driver } from '../testing/drivers.ts'
import { mortal } from '../testing/mortal.ts'
import type { TestNode } from '../testing/node.ts'
import { condition, container, QUICK, shell } from './steps.ts'

/** A pod with everything that takes several steps. */
const SPEC = {
  ...QUICK,
  volumes: [{ name: 'data', emptyDir: {} }],
  initContainers: [shell('first', 'echo done')],
  containers: [
    shell('main', "trap 'exit 0' TERM; sleep infinity & wait", {
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }),
  ],
}

export interface Kill {
  during: 'start' | 'stop'
  point: number
  reached: 'before' | 'after'
}

/** Every call once, in turn before and after it has had its effect. */
export function* killsDuring(during: Kill['during'], points: number): Generator<Kill> {
  for (let point = 1; point <= points; point++) yield { during, point, reached: point % 2 === 0 ? 'before' : 'after' }
}

export const killTitle = ({ during, point, reached }: Kill) =>
  `${during}: killed at call ${point}, ${reached} it has had its effect`

/** Kills the agent at one point, starts another, and looks whether everything is as if nothing had been. */
export async function killAndRecover(
  node: TestNode,
  driver: Driver,
  runtime: ContainerRuntime,
  kill: Kill,
): Promise<void> {
  const name = `killed-${kill.during}-${kill.point}-${kill.reached}`
  const doomed = mortal(runtime, kill.point, kill.reached)
  let died = false
  void doomed.died.then(() => {
    died = true
  })
  const isReady = () => condition(node, name, 'Ready') === 'True'
  if (kill.during === 'stop') {
    node.create(name, SPEC)
    await driver.until('the pod is ready', isReady)
  }
  await driver.finish(node.agent.stop())
  // It may not even live to the end of its start.
  void node.begin(doomed.runtime)
  if (kill.during === 'start') node.create(name, SPEC)
  else node.delete(name, 1)
  const through = () => (kill.during === 'start' ? isReady() : node.pod(name) === undefined)
  await driver.until('the agent dies or is through', () => died || through())
  node.kill()
  await driver.finish(node.begin(runtime))
  if (kill.during === 'start') {
    await driver.until('the pod is ready', isReady)
    assert.equal(container(node, name)?.restartCount, 0)
    await checkCount(node, driver, name, runtime, { sandboxes: 1, containers: 2 })
    node.delete(name, 1)
  }
  await driver.until('the pod is gone', () => node.pod(name) === undefined)
}

async function checkCount(
  node: TestNode,
  driver: Driver,
  name: string,
  runtime: ContainerRuntime,
  expect: { sandboxes: number; containers: number },
): Promise<void> {
  const labels = { 'io.kubernetes.pod.uid': node.pod(name)!.metadata.uid }
  const found = await driver.finish(runtime.list(labels))
  const sandboxes = found.filter(one => one.labels['io.kubernetes.docker.type'] === 'podsandbox').length
  assert.deepEqual({ sandboxes, containers: found.length - sandboxes }, expect)
}
