import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, PodSpec, ResourceRequirements } from '../../api/types/core-v1.ts'
import type { ContainerResources } from '../runtime.ts'
import { lastWords } from './last-words.ts'
import { newMemory, noteFailure, pauseAfter } from './memory.ts'
import { oomScoreAdjust } from './oom.ts'
import { adjustment, cpuQuota, cpuShares, engineResources } from './resources.ts'

describe('shares of CPU', () => {
  const cases: [number, number][] = [
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 3],
    [100, 102],
    [250, 256],
    [500, 512],
    [1000, 1024],
    [1500, 1536],
    [4000, 4096],
    [255_999, 262_142],
    [256_000, 262_144],
    [300_000, 262_144],
  ]
  for (const [milli, expected] of cases) it(`${milli}m`, () => assert.equal(cpuShares(milli), expected))
})

describe('quota of CPU', () => {
  const cases: [number | undefined, number | undefined][] = [
    [undefined, undefined],
    [0, undefined],
    [1, 1000],
    [5, 1000],
    [9, 1000],
    [10, 1000],
    [11, 1100],
    [20, 2000],
    [200, 20_000],
    [500, 50_000],
    [1000, 100_000],
    [1500, 150_000],
  ]
  for (const [milli, expected] of cases) it(`${milli}m`, () => assert.equal(cpuQuota(milli), expected))
})

/** `100m/1Gi 200m/2Gi`: requests and limits of CPU and memory; `-`: not said. */
function resources(text: string): ResourceRequirements | undefined {
  const [requests, limits] = text.split(' ').map(side => {
    const [cpu, memory] = side.split('/')
    return { ...(cpu && cpu !== '-' ? { cpu } : {}), ...(memory && memory !== '-' ? { memory } : {}) }
  })
  return { requests, limits }
}
const container = (text: string, name = 'c'): Container => ({ name, resources: resources(text) })

describe('whom the kernel ends first', () => {
  const GIGA = 1_000_000_000
  const spec = (more: Partial<PodSpec>, ...containers: Container[]): PodSpec => ({ containers, ...more })
  const asking = (memory: number, name = 'c'): Container => ({
    name,
    resources: { requests: { memory: String(memory) } },
  })
  const helper: Container = { ...asking(GIGA / 10, 'side'), restartPolicy: 'Always' }
  const cases: [string, PodSpec, Container, number, number][] = [
    ['asks for nothing', spec({}, { name: 'c' }), { name: 'c' }, 4 * GIGA, 1000],
    ['exact', spec({}, container('1/1Gi 1/1Gi')), container('1/1Gi 1/1Gi'), 4 * GIGA, -997],
    [
      'needed by the node',
      spec({ priorityClassName: 'system-node-critical' }, { name: 'c' }),
      { name: 'c' },
      4 * GIGA,
      -997,
    ],
    [
      'needed by the cluster',
      spec({ priorityClassName: 'system-cluster-critical' }, { name: 'c' }),
      { name: 'c' },
      4 * GIGA,
      1000,
    ],
    ['all of the memory', spec({}, asking(4 * GIGA)), asking(4 * GIGA), 4 * GIGA, 3],
    ['half of it', spec({}, asking(2 * GIGA)), asking(2 * GIGA), 4 * GIGA, 500],
    ['a quarter', spec({}, asking(GIGA)), asking(GIGA), 4 * GIGA, 750],
    ['a third: the share is rounded down', spec({}, asking(GIGA)), asking(GIGA), 3 * GIGA, 667],
    ['nearly nothing is still less than nothing at all', spec({}, asking(1)), asking(1), 4 * GIGA, 999],
    ['CPU alone', spec({}, container('1/- -')), container('1/- -'), 4 * GIGA, 999],
    ['more than there is', spec({}, asking(8 * GIGA)), asking(8 * GIGA), 4 * GIGA, 3],
    [
      'a sidecar is not ended before those it serves',
      spec({ initContainers: [helper] }, asking(2 * GIGA)),
      helper,
      4 * GIGA,
      500,
    ],
    [
      'a sidecar that asks for more',
      spec({ initContainers: [{ ...helper, ...asking(3 * GIGA, 'side') }] }, asking(GIGA)),
      { ...helper, ...asking(3 * GIGA, 'side') },
      4 * GIGA,
      250,
    ],
    [
      'an init container speaks for itself',
      spec({ initContainers: [asking(GIGA, 'i')] }, asking(2 * GIGA)),
      asking(GIGA, 'i'),
      4 * GIGA,
      750,
    ],
  ]
  for (const [name, pod, subject, memory, expected] of cases)
    it(name, () => assert.equal(oomScoreAdjust(pod, subject, memory), expected))
})

describe('what the engine is told', () => {
  const node = { memoryCapacity: 4 * 2 ** 30, lowestOomScore: -1000 }
  const of = (subject: Container, more = {}) =>
    engineResources({ containers: [subject] }, subject, { ...node, ...more })
  const cases: [string, Container, object, Partial<ContainerResources>][] = [
    ['nothing: the least share', { name: 'c' }, {}, { cpuShares: 2, oomScoreAdj: 1000 }],
    ['a request is a share', container('500m/- -'), {}, { cpuShares: 512 }],
    [
      'a limit is a share too, where there is no request',
      container('- 500m/-'),
      {},
      { cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000 },
    ],
    ['a request counts before the limit', container('250m/- 500m/-'), {}, { cpuShares: 256, cpuQuota: 50_000 }],
    ['memory and no swap', container('- -/64Mi'), {}, { memory: 67_108_864, memorySwap: 67_108_864 }],
    ['parts of a byte are rounded up', container('- -/1500m'), {}, { memory: 2 }],
    ['processes', { name: 'c' }, { podPidsLimit: 100 }, { pidsLimit: 100 }],
    ['an engine that may only expose', container('- 1/1Gi'), { lowestOomScore: 0 }, { oomScoreAdj: 0 }],
  ]
  for (const [name, subject, more, expected] of cases)
    it(name, () => assert.partialDeepStrictEqual(of(subject, more), expected))
  for (const key of ['memory', 'cpuQuota', 'pidsLimit'] as const)
    it(`no ${key} where none is said`, () => assert.equal(of({ name: 'c' })[key], undefined))

  const changes: [string, ContainerResources, ContainerResources, boolean][] = [
    ['the same', { cpuShares: 2 }, { cpuShares: 2 }, false],
    ['0 is nothing', { cpuShares: 2 }, { cpuShares: 2, cpuQuota: 0, memory: 0 }, false],
    ['another share', { cpuShares: 4 }, { cpuShares: 2 }, true],
    ['a new limit', { cpuShares: 2, memory: 5 }, { cpuShares: 2 }, true],
    ['a limit less', { cpuShares: 2 }, { cpuShares: 2, cpuQuota: 1000 }, true],
    ['the score alone cannot change', { cpuShares: 2, oomScoreAdj: 1 }, { cpuShares: 2, oomScoreAdj: 2 }, false],
  ]
  for (const [name, wanted, actual, expected] of changes)
    it(`changes: ${name}`, () => assert.equal(adjustment(wanted, actual) !== undefined, expected))
})

describe('pauses', () => {
  const cases: [number, number][] = [
    [-1, 0],
    [0, 0],
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [4, 8000],
    [5, 16_000],
    [6, 32_000],
    [7, 60_000],
    [8, 60_000],
    [500, 60_000],
  ]
  for (const [failures, expected] of cases) it(`after ${failures}`, () => assert.equal(pauseAfter(failures), expected))
  it('a failure is noted with its pause, and the next one with a longer', () => {
    const memory = newMemory()
    const what = { tried: 'start', reason: 'R', message: 'm' }
    for (const at of [100, 5000]) noteFailure(memory, 'c', what, at)
    assert.deepEqual(memory.failures.get('c'), { ...what, count: 2, pauseMs: 2000, retryAt: 7000 })
  })
})

describe('the last words of a container', () => {
  const log = (...texts: string[]) =>
    texts.map(text => JSON.stringify({ log: text, stream: 'stdout', time: 't' })).join('\n')
  const cases: [string, string, string][] = [
    ['nothing', '', ''],
    ['a line', log('boom\n'), 'boom\n'],
    ['several', log('a\n', 'b\n'), 'a\nb\n'],
    [
      'the last eighty',
      log(...Array.from({ length: 100 }, (_, i) => `${i}\n`)),
      Array.from({ length: 80 }, (_, i) => `${i + 20}\n`).join(''),
    ],
    ['a line that was cut', `og":"x"}\n${log('end\n')}`, 'end\n'],
    ['no more than 2,048 bytes', log('x'.repeat(3000)), 'x'.repeat(2048)],
    ['bytes, not letters', log('ä'.repeat(2000)), 'ä'.repeat(1024)],
    ['no letter is cut in two', log(`${'ä'.repeat(2000)}x`), `${'ä'.repeat(1023)}x`],
  ]
  for (const [name, text, expected] of cases) it(name, () => assert.equal(lastWords(text), expected))
})
