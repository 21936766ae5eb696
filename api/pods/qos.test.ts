import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, PodSpec, ResourceRequirements } from '../types/core-v1.ts'
import { podQosClass, type QosClass } from './qos.ts'

/** `100m/1Gi 200m/2Gi`: requests and limits of CPU and memory; `-`: not said. */
function resources(text: string): ResourceRequirements | undefined {
  const [requests, limits] = text.split(' ').map(side => {
    const [cpu, memory] = side.split('/')
    return { ...(cpu && cpu !== '-' ? { cpu } : {}), ...(memory && memory !== '-' ? { memory } : {}) }
  })
  return { requests, limits }
}
const container = (text: string, name = 'c'): Container => ({ name, resources: resources(text) })

describe('the class of a pod', () => {
  const cases: [string, Partial<PodSpec>, QosClass][] = [
    ['nothing said', { containers: [{ name: 'c' }] }, 'BestEffort'],
    ['zero is nothing', { containers: [container('0/0 -')] }, 'BestEffort'],
    ['requests and limits alike', { containers: [container('100m/100Mi 100m/100Mi')] }, 'Guaranteed'],
    ['alike in other words', { containers: [container('0.1/1Gi 100m/1024Mi')] }, 'Guaranteed'],
    ['limits alone stand for both', { containers: [container('- 100m/100Mi')] }, 'Guaranteed'],
    ['requests alone', { containers: [container('100m/100Mi -')] }, 'Burstable'],
    ['CPU alone', { containers: [container('100m/- 100m/-')] }, 'Burstable'],
    ['memory alone', { containers: [container('-/1Gi -/1Gi')] }, 'Burstable'],
    ['more than asked for', { containers: [container('100m/100Mi 200m/200Mi')] }, 'Burstable'],
    ['more memory than asked for', { containers: [container('100m/100Mi 100m/200Mi')] }, 'Burstable'],
    ['one of two says nothing', { containers: [container('100m/100Mi 100m/100Mi'), { name: 'd' }] }, 'Burstable'],
    ['both exact', { containers: [container('100m/100Mi 100m/100Mi'), container('1/1Gi 1/1Gi', 'd')] }, 'Guaranteed'],
    [
      'an init container counts',
      { containers: [container('100m/100Mi 100m/100Mi')], initContainers: [{ name: 'i' }] },
      'Burstable',
    ],
    [
      'an init container alone says something',
      { containers: [{ name: 'c' }], initContainers: [container('1/1Gi 1/1Gi', 'i')] },
      'Burstable',
    ],
    [
      'other resources do not count',
      {
        containers: [
          { name: 'c', resources: { requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '1' } } },
        ],
      },
      'BestEffort',
    ],
    [
      'nor do debuggers',
      { containers: [container('1/1Gi 1/1Gi')], ephemeralContainers: [{ name: 'e' }] },
      'Guaranteed',
    ],
    ['the pod speaks for all', { containers: [{ name: 'c' }], resources: resources('1/1Gi 1/1Gi') }, 'Guaranteed'],
    [
      'the pod speaks, but not exactly',
      { containers: [container('1/1Gi 1/1Gi')], resources: resources('1/1Gi 2/1Gi') },
      'Burstable',
    ],
    [
      'a pod that says nothing leaves it to its containers',
      { containers: [container('1/1Gi 1/1Gi')], resources: {} },
      'Guaranteed',
    ],
    [
      'less memory than the limit',
      { containers: [container('1/1Gi 1/2Gi'), container('1/1Gi 1/1Gi', 'd')] },
      'Burstable',
    ],
  ]
  for (const [name, spec, expected] of cases) it(name, () => assert.equal(podQosClass(spec as PodSpec), expected))
})
