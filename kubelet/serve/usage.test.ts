import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerStats } from '../runtime.ts'
import type { NodeUsage } from './backend.ts'
import { renderMetrics } from './exposition.ts'
import { runningPod } from './fake.ts'
import { agentMetrics, CpuRates, resourceMetrics, statsSummary } from './usage.ts'

const AT = Date.parse('2026-01-01T00:01:00Z')

function stats(cpuSeconds: number, megabytes: number, at = AT): ContainerStats {
  const memoryBytes = megabytes * 1e6
  return { at, cpuNanoseconds: cpuSeconds * 1e9, memoryBytes, workingSetBytes: memoryBytes / 2, pids: 3 }
}

function usageAt(at: number, cpuSeconds: number): NodeUsage {
  const startedAt = AT - 60_000
  const containers = ['a', 'b'].map(name => ({ name, startedAt, stats: stats(cpuSeconds, 100, at) }))
  return {
    startedAt,
    stats: stats(cpuSeconds * 10, 1000, at),
    memoryAvailableBytes: 3e9,
    filesystem: { capacityBytes: 100, availableBytes: 60, usedBytes: 40, inodes: 10, inodesFree: 7 },
    pods: [
      { namespace: 'default', name: 'web', uid: 'u1', startedAt, containers },
      { namespace: 'default', name: 'waiting', uid: 'u2', startedAt, containers: [] },
    ],
  }
}

describe('the present use of processors', () => {
  const CASES: [name: string, samples: [at: number, cpuSeconds: number][], rates: (number | undefined)[]][] = [
    ['is unknown at first', [[0, 5]], [undefined]],
    [
      'is a mean since the question before',
      [
        [0, 5],
        [10_000, 10],
      ],
      [undefined, 5e8],
    ],
    [
      'stays for questions that come too fast',
      [
        [0, 0],
        [2000, 2],
        [2500, 9],
      ],
      [undefined, 1e9, 1e9],
    ],
    [
      'is unknown when the count has started again',
      [
        [0, 5],
        [10_000, 1],
        [20_000, 2],
      ],
      [undefined, undefined, 1e8],
    ],
  ]
  for (const [name, samples, expected] of CASES) {
    it(name, () => {
      const rates = new CpuRates()
      assert.deepEqual(
        samples.map(([at, cpu]) => rates.rate('key', stats(cpu, 1, at))),
        expected,
      )
    })
  }
  it('is forgotten with what it was of', () => {
    const rates = new CpuRates()
    rates.rate('key', stats(1, 1, 0))
    rates.forgetBefore(1)
    assert.equal(rates.rate('key', stats(2, 1, 10_000)), undefined)
  })
})

describe('/stats/summary', () => {
  it('says what the node, its pods and their containers use', () => {
    const rates = new CpuRates()
    statsSummary('node1', usageAt(AT - 10_000, 1), rates)
    const { node, pods } = statsSummary('node1', usageAt(AT, 2), rates)
    assert.deepEqual(node.cpu, { time: '2026-01-01T00:01:00Z', usageNanoCores: 1e9, usageCoreNanoSeconds: 20e9 })
    assert.deepEqual(node.memory, {
      ...{ time: '2026-01-01T00:01:00Z', usageBytes: 1e9, workingSetBytes: 5e8 },
      availableBytes: 3e9,
    })
    assert.equal(node.fs?.inodesUsed, 3)
    const [web, waiting] = pods
    assert.deepEqual(web?.podRef, { name: 'web', namespace: 'default', uid: 'u1' })
    assert.deepEqual(
      web?.containers.map(({ name, cpu }) => [name, cpu.usageNanoCores]),
      [
        ['a', 1e8],
        ['b', 1e8],
      ],
    )
    assert.equal(web?.cpu?.usageNanoCores, 2e8)
    assert.equal(web?.memory?.workingSetBytes, 1e8)
    assert.deepEqual([waiting?.containers, waiting?.cpu], [[], undefined])
  })
})

describe('/metrics/resource', () => {
  it('is what a metrics server reads', () => {
    const lines = renderMetrics(resourceMetrics(usageAt(AT, 2))).split('\n')
    for (const line of [
      '# TYPE container_cpu_usage_seconds_total counter',
      `container_cpu_usage_seconds_total{container="a",namespace="default",pod="web"} 2 ${AT}`,
      `container_memory_working_set_bytes{container="b",namespace="default",pod="web"} 50000000 ${AT}`,
      `pod_cpu_usage_seconds_total{namespace="default",pod="web"} 4 ${AT}`,
      `node_cpu_usage_seconds_total 20 ${AT}`,
      `node_memory_working_set_bytes 500000000 ${AT}`,
      `container_start_time_seconds{container="a",namespace="default",pod="web"} ${(AT - 60_000) / 1000}`,
      'resource_scrape_error 0',
    ]) {
      assert.ok(lines.includes(line), `${line}\nis not in\n${lines.join('\n')}`)
    }
    assert.equal(lines.filter(line => line.includes('waiting')).length, 0)
  })
})

describe('/metrics', () => {
  it('counts pods and containers by their state', () => {
    const pods = [runningPod('web', ['a', 'b']), runningPod('job')]
    pods[1]!.status = { phase: 'Succeeded', containerStatuses: pods[1]!.status!.containerStatuses }
    pods[1]!.status.containerStatuses![0]!.state = { terminated: { exitCode: 0 } }
    const text = renderMetrics(agentMetrics('node1', pods, { cpuSeconds: 1.5, residentBytes: 70e6, startedAt: AT }))
    assert.match(text, /^kubelet_running_pods 1$/m)
    assert.match(text, /^kubelet_running_containers\{container_state="running"\} 2$/m)
    assert.match(text, /^kubelet_running_containers\{container_state="exited"\} 1$/m)
    assert.match(text, /^process_cpu_seconds_total 1\.5$/m)
  })

  it('keeps odd values of labels within their quotes', () => {
    const samples = [{ labels: { odd: 'a"b\\c\nd' }, value: 1 }]
    const text = renderMetrics([{ name: 'odd', type: 'gauge', help: 'Odd.', samples }])
    assert.equal(text, '# HELP odd Odd.\n# TYPE odd gauge\nodd{odd="a\\"b\\\\c\\nd"} 1\n')
  })
})
