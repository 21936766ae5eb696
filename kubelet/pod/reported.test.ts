import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { podWith } from '../testing/pictures.ts'
import type { LivePod } from './pod.ts'
import { mergeReported, saysMoreThanStatus, stillSays } from './reported.ts'

const main = { name: 'main', image: 'one' }
const BEFORE: LivePod = podWith({ containers: [main] })
const gate = { type: 'example.com/ready', status: 'True' }
const ready = { type: 'Ready', status: 'True' }

describe('a newer version of a pod', () => {
  const CASES: [title: string, change: Partial<LivePod>, isNews: boolean][] = [
    ['that is the same', {}, false],
    ['with another resourceVersion', { metadata: { ...BEFORE.metadata, resourceVersion: '77' } }, false],
    ['with who manages what', { metadata: { ...BEFORE.metadata, managedFields: [{ manager: 'kubelet' }] } }, false],
    ["with this agent's own status", { status: { phase: 'Running', conditions: [ready] } }, false],
    ['with a condition of somebody else', { status: { conditions: [gate] } }, true],
    ['with a phase that is not the last', { status: { phase: 'Pending' } }, false],
    ['that somebody has declared failed', { status: { phase: 'Failed' } }, true],
    ['with another image', { spec: { containers: [{ name: 'main', image: 'two' }] } }, true],
    ['that is being deleted', { metadata: { ...BEFORE.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, true],
    ['with a debug container', { spec: { ...BEFORE.spec, ephemeralContainers: [{ name: 'debug' }] } }, true],
    ['with other resources', { spec: { containers: [{ ...main, resources: { limits: { cpu: '2' } } }] } }, true],
    ['that a finalizer let go', { metadata: { ...BEFORE.metadata, finalizers: ['x'] } }, true],
    ['with another label', { metadata: { ...BEFORE.metadata, labels: { a: 'b' } } }, true],
  ]
  for (const [title, change, isNews] of CASES) {
    it(title, () => assert.equal(saysMoreThanStatus(BEFORE, { ...BEFORE, ...change }), isNews))
  }
})

describe('the status that is built on', () => {
  const CASES: [title: string, shown: LivePod['status'], own: LivePod['status'], phase: string | undefined][] = [
    ['what the agent said last', { phase: 'Pending' }, { phase: 'Running' }, 'Running'],
    ['what the API server has, before it said anything', { phase: 'Running' }, undefined, 'Running'],
    ['an end that somebody declared', { phase: 'Failed' }, { phase: 'Running' }, 'Failed'],
    ['an end that only the agent knows of', { phase: 'Running' }, { phase: 'Succeeded' }, 'Succeeded'],
  ]
  for (const [title, status, own, phase] of CASES) {
    it(title, () => assert.equal(mergeReported({ ...BEFORE, status }, own).status?.phase, phase))
  }
})

describe('whether a status still says what was reported', () => {
  const said = { phase: 'Running', conditions: [ready], containerStatuses: [] }
  const taken = { ...said, hostIP: '10.0.0.1', conditions: [gate, ready] }
  const CASES: [title: string, now: LivePod['status'], still: boolean][] = [
    ['as it was taken', taken, true],
    ['with more of somebody else', { ...taken, nominatedNodeName: 'b', conditions: [ready] }, true],
    ['with another phase', { ...taken, phase: 'Pending' }, false],
    ['with the condition turned', { ...taken, conditions: [gate, { ...ready, status: 'False' }] }, false],
    ['without the condition', { ...taken, conditions: [gate] }, false],
    ['taken away', undefined, false],
  ]
  for (const [title, now, still] of CASES) it(title, () => assert.equal(stillSays(now, taken, said), still))
})
