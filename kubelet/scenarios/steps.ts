import type { Pod } from '../../api/types/core-v1.ts'
import type { Driver } from '../testing/drivers.ts'
import type { TestNode } from '../testing/node.ts'

/** A pod's life as a user sees it: the same on the fake engine and on Docker. */
export interface Scenario {
  title: string
  run(node: TestNode, driver: Driver): Promise<void>
}

type Spec = NonNullable<Pod['spec']>
type Containers = Spec['containers']

/** A container that runs a script, from an image that is there. */
export function shell(name: string, script: string, more: Partial<Containers[number]> = {}): Containers[number] {
  return { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], ...more }
}

export const QUICK = { terminationGracePeriodSeconds: 1 }

export function phase(node: TestNode, name: string): string | undefined {
  return node.pod(name)?.status?.phase
}

export function container(node: TestNode, pod: string, index = 0) {
  return node.pod(pod)?.status?.containerStatuses?.[index]
}

export function condition(node: TestNode, pod: string, type: string): string | undefined {
  return node.pod(pod)?.status?.conditions?.find(one => one.type === type)?.status
}

export async function remove(node: TestNode, driver: Driver, name: string): Promise<void> {
  node.delete(name)
  await driver.until(`pod ${name} is gone`, () => node.pod(name) === undefined)
}
