import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, PodSpec } from '../types/core-v1.ts'
import { podAmounts } from './amounts.ts'

/** `1/2Gi` asks for a core and 2Gi, `1` for a core, `-` for nothing; `*` marks a sidecar. Limits are the same. */
function container(text: string): Container {
  const [cpu, memory] = text.replace(/[*-]/g, '').split('/')
  const amounts = { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) }
  const resources = { requests: amounts, limits: amounts }
  return { name: 'c', resources, ...(text.endsWith('*') ? { restartPolicy: 'Always' } : {}) }
}

function spec(apps: string, inits = '', more: Partial<PodSpec> = {}): PodSpec {
  const all = (text: string) => text.split(' ').filter(Boolean).map(container)
  return { containers: all(apps), initContainers: all(inits), ...more }
}

describe('what a pod takes of a node', () => {
  const overhead = { cpu: '250m', memory: '120Mi' }
  const whole = { requests: { cpu: '4' }, limits: { cpu: '8' } }
  const cases: [string, PodSpec, object, object?][] = [
    ['nothing', spec('-'), {}],
    ['its containers together', spec('250m/64Mi 250m/64Mi'), { cpu: '500m', memory: '128Mi' }],
    ['what only one of them asks for', spec('1 -/1Gi'), { cpu: '1', memory: '1Gi' }],
    ['an init container that asks for more', spec('1/1Gi', '3/512Mi'), { cpu: '3', memory: '1Gi' }],
    ['the greatest of the init containers, not all', spec('1', '2 3 2'), { cpu: '3' }],
    ['what only an init container asks for', spec('1', '-/1Gi'), { cpu: '1', memory: '1Gi' }],
    ['init containers that ask for less', spec('4/4Gi', '1/1Gi 2/2Gi'), { cpu: '4', memory: '4Gi' }],
    ['a sidecar beside the containers', spec('1/1Gi', '2/1Gi*'), { cpu: '3', memory: '2Gi' }],
    ['an init container beside a sidecar begun before', spec('1', '2* 4'), { cpu: '6' }],
    ['an init container before a sidecar', spec('1', '4 2*'), { cpu: '4' }],
    ['an init container between two sidecars', spec('1', '1* 5 2*'), { cpu: '6' }],
    ['a sidecar that is more than all before it', spec('-', '1 3*'), { cpu: '3' }],
    ['equal amounts written in two ways', spec('1000m', '1'), { cpu: '1000m' }],
    // https://kubernetes.io/docs/concepts/scheduling-eviction/pod-overhead/#usage-example
    ['an overhead, as documented', spec('500m/100Mi 1500m/100Mi', '', { overhead }), { cpu: '2250m', memory: '320Mi' }],
    ['an overhead makes no limit', spec('1', '', { overhead }), { cpu: '1250m', memory: '120Mi' }, { cpu: '1250m' }],
    [
      'the pod as a whole',
      spec('1/1Gi', '', { resources: whole }),
      { cpu: '4', memory: '1Gi' },
      { cpu: '8', memory: '1Gi' },
    ],
    [
      'the pod as a whole, and its overhead',
      spec('1', '', { resources: whole, overhead: { cpu: '1' } }),
      { cpu: '5' },
      { cpu: '9' },
    ],
  ]
  for (const [name, pod, requests, limits = requests] of cases) {
    it(name, () => assert.deepEqual([podAmounts(pod, 'requests'), podAmounts(pod, 'limits')], [requests, limits]))
  }

  it('a pod without a specification takes nothing', () => assert.deepEqual(podAmounts(undefined, 'requests'), {}))

  it('leaves the pod as it was', () => {
    const pod = spec('1/1Gi 2', '3 1*', { overhead })
    const before = structuredClone(pod)
    podAmounts(pod, 'requests')
    assert.deepEqual(pod, before)
  })
})
