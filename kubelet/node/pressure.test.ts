import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../api/types/core-v1.ts'
import { podWith } from '../testing/pictures.ts'
import { chooseVictim, type PodUse, pressureOf, type Shortage, type Supplies, shortages } from './pressure.ts'

const lack = (resource: Shortage['resource']): Shortage => ({
  ...{ signal: 'memory.available', resource, threshold: '1' },
  supply: { available: 0, capacity: 1 },
})

/** `a=300/100@5`: uses 300, asked for 100, has priority 5; `!`: it stands in a file of the node. */
function use(text: string): PodUse {
  const [, name, used, asked, priority = 0, fixed] = /^(\w+)=(\d+)(?:\/(\d+))?(?:@(-?\d+))?(!)?$/.exec(text)!
  const requests: Record<string, string> = asked ? { memory: asked, 'ephemeral-storage': asked } : {}
  const annotations = fixed ? { 'kubernetes.io/config.source': 'file' } : {}
  const spec = { priority: Number(priority), containers: [{ name: 'c', resources: { requests } }] }
  const pod = podWith(spec, { metadata: { name: name!, annotations } })
  return { pod, memoryBytes: Number(used), diskBytes: Number(used), pids: Number(used) }
}

describe('who goes when the node is short', () => {
  const cases: [string, Shortage['resource'], string, string | undefined][] = [
    ['nobody is there', 'memory', '', undefined],
    ['the only one, though it keeps to what it asked for', 'memory', 'a=50/100', 'a'],
    ['who uses more than asked for', 'memory', 'a=50/100 b=101/100', 'b'],
    ['though it is more important', 'memory', 'a=50/100@0 b=101/100@9', 'b'],
    ['exactly what was asked for is not more', 'memory', 'a=100/100@1 b=50/100@0', 'b'],
    ['of those over, the less important', 'memory', 'a=500/100@5 b=200/100@4', 'b'],
    ['a priority below nothing', 'memory', 'a=500/100 b=101/100@-1', 'b'],
    ['of equals, the one furthest over', 'memory', 'a=300/100 b=600/500', 'a'],
    ['what asks for nothing is over at once', 'memory', 'a=400/300 b=101', 'b'],
    ['of those that keep to it, the less important', 'memory', 'a=50/100@5 b=10/100@4', 'b'],
    ['then the one nearest to what it asked for', 'memory', 'a=10/100 b=90/100', 'b'],
    ['files of the node stay', 'memory', 'a=500/100! b=50/100', 'b'],
    ['what the cluster needs stays', 'memory', 'a=500/100@2000000000 b=50/100', 'b'],
    ['just below that it goes', 'memory', 'a=500/100@1999999999 b=50/100', 'a'],
    ['none of these', 'memory', 'a=500/100! b=500/100@2000001000', undefined],
    ['of the disk', 'ephemeral-storage', 'a=50/100 b=101/100', 'b'],
    ['nobody asks for processes: the less important', 'pids', 'a=900/1@5 b=10/900@4', 'b'],
    ['then the one that has most', 'pids', 'a=10/1 b=20/900', 'b'],
  ]
  for (const [title, resource, pods, expected] of cases) {
    it(title, () => {
      const uses = pods.split(' ').filter(Boolean).map(use)
      assert.equal(chooseVictim(lack(resource), uses)?.pod.metadata.name, expected)
      assert.equal(chooseVictim(lack(resource), uses.toReversed())?.pod.metadata.name, expected, 'in any order')
    })
  }
})

describe('what a pod asked for, when the node is short', () => {
  const one = (memory: string, more: object = {}) => ({ name: 'c', resources: { requests: { memory } }, ...more })
  const sidecar = { restartPolicy: 'Always' }
  /** Each uses 250: whether that is more than it asked for shows beside one that keeps to its own. */
  const cases: [string, Partial<PodSpec>, boolean][] = [
    ['one container', { containers: [one('200')] }, true],
    ['two containers', { containers: [one('200'), one('50')] }, false],
    ['a sidecar', { containers: [one('200')], initContainers: [one('50', sidecar)] }, false],
    ['an init container is not added', { containers: [one('200')], initContainers: [one('50')] }, true],
    ['but may be greater', { containers: [one('200')], initContainers: [one('250')] }, false],
    ['beside a sidecar', { containers: [one('1')], initContainers: [one('50', sidecar), one('200')] }, false],
    ['not beside a later one', { containers: [one('1')], initContainers: [one('200'), one('50', sidecar)] }, true],
    ['the pod itself', { containers: [one('1')], resources: { requests: { memory: '250' } } }, false],
    ['the pod itself, of less', { containers: [one('250')], resources: { requests: { memory: '249' } } }, true],
  ]
  for (const [title, spec, isOver] of cases) {
    it(title, () => {
      const pod = podWith({ priority: 9, ...spec } as PodSpec, { metadata: { name: 'asked' } })
      const found = chooseVictim(lack('memory'), [use('other=1/100'), { ...use('asked=250'), pod }])
      assert.equal(found?.pod.metadata.name, isOver ? 'asked' : 'other')
    })
  }
})

describe('when the node is short', () => {
  const plenty = { available: 50, capacity: 100 }
  const THRESHOLDS = {
    'memory.available': '10',
    'nodefs.available': '10%',
    'nodefs.inodesFree': '5%',
    'pid.available': '20',
  }
  const cases: [string, Partial<Supplies>, string][] = [
    ['never', {}, ''],
    ['at the threshold it is not yet', { memory: { available: 10, capacity: 100 } }, ''],
    ['below it is', { memory: { available: 9, capacity: 100 } }, 'memory'],
    ['a part of the disk', { disk: { available: 99, capacity: 1000 } }, 'disk'],
    ['not yet of the disk', { disk: { available: 100, capacity: 1000 } }, ''],
    ['inodes are the disk’s', { inodes: { available: 4, capacity: 100 } }, 'disk'],
    ['no inodes at all', { inodes: { available: 0, capacity: 0 } }, ''],
    ['processes', { pids: { available: 19, capacity: 100 } }, 'pids'],
    ['two at once', { memory: { available: 0, capacity: 1 }, pids: { available: 0, capacity: 9 } }, 'memory pids'],
  ]
  for (const [title, less, expected] of cases) {
    it(title, () => {
      const all = { memory: plenty, disk: plenty, inodes: plenty, pids: plenty, ...less }
      const pressure = pressureOf(shortages(all, THRESHOLDS))
      const found = Object.entries(pressure).filter(([, isShort]) => isShort)
      assert.equal(found.map(([name]) => name).join(' '), expected)
    })
  }
})
