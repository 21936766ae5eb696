import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ClusterRanges, parseRoutes, type Route, rangeProblems } from './ranges.ts'

const USUAL: ClusterRanges = { pods: '10.244.0.0/16', services: '10.96.0.0/12' }
const VIRTUALBOX: Route[] = [
  { range: '10.0.2.0/24', device: 'enp0s3' },
  { range: '192.168.56.0/24', device: 'enp0s8' },
  { range: '172.17.0.0/16', device: 'docker0' },
]

const CASES: { title: string; ranges?: Partial<ClusterRanges>; routes?: Route[]; problems: RegExp[] }[] = [
  { title: "the usual ranges on VirtualBox's networks", problems: [] },
  {
    title: 'no range at all',
    ranges: { pods: 'banana' },
    problems: [/^--pod-network-cidr=banana is no IPv4 range/],
  },
  {
    title: 'both malformed',
    ranges: { pods: '10.244.0.0/40', services: 'fd00::/108' },
    problems: [/^--pod-network-cidr=10\.244\.0\.0\/40 /, /^--service-cidr=fd00::\/108 /],
  },
  {
    title: 'pods inside of the range of Services',
    ranges: { pods: '10.100.0.0/16' },
    problems: [/pods \(10\.100\.0\.0\/16\) and of Services \(10\.96\.0\.0\/12\) overlap/],
  },
  {
    title: 'a host-only network in the range of pods',
    routes: [{ range: '10.244.7.0/24', device: 'enp0s8' }],
    problems: [/the range of pods, 10\.244\.0\.0\/16, overlaps with 10\.244\.7\.0\/24, .* on enp0s8/],
  },
  {
    title: 'a network that holds the whole range of pods',
    routes: [{ range: '10.0.0.0/8', device: 'enp0s8' }],
    problems: [/range of pods/, /range of services/],
  },
  {
    title: 'a single address in the range of Services',
    routes: [{ range: '10.96.0.1', device: 'tun0' }],
    problems: [/range of services, .* on tun0/],
  },
  {
    title: 'neighbours that only touch',
    ranges: { pods: '10.112.0.0/16' },
    routes: [{ range: '10.113.0.0/16', device: 'enp0s8' }],
    problems: [],
  },
  {
    title: 'a range written with bits of a host',
    ranges: { pods: '192.168.56.9/25' },
    problems: [/overlaps with 192\.168\.56\.0\/24/],
  },
]

describe('the ranges of a new cluster', () => {
  for (const { title, ranges, routes, problems } of CASES) {
    it(title, () => {
      const found = rangeProblems({ ...USUAL, ...ranges }, [...VIRTUALBOX, ...(routes ?? [])])
      assert.equal(found.length, problems.length, JSON.stringify(found))
      for (const [index, pattern] of problems.entries()) assert.match(found[index]!.problem, pattern)
    })
  }

  it('are refused with one that is free', () => {
    const routes = [
      { range: '10.244.0.0/16', device: 'a' },
      { range: '10.245.0.0/17', device: 'b' },
    ]
    assert.match(rangeProblems(USUAL, routes)[0]!.remedy, /--pod-network-cidr, such as 10\.246\.0\.0\/16/)
  })
})

describe("the machine's routes", () => {
  it('are read without the default route and without those of a cluster', () => {
    const text = `default via 10.0.2.2 dev enp0s3 proto dhcp metric 100
10.0.2.0/24 dev enp0s3 proto kernel scope link src 10.0.2.15
10.0.2.3 via 10.0.2.2 dev enp0s3
10.244.0.0/24 dev br-0123456789ab proto kernel scope link src 10.244.0.1
10.244.1.0/24 via 192.168.56.11 dev enp0s8 proto 107
unreachable 10.9.0.0/16
`
    assert.deepEqual(parseRoutes(text, ['br-0123456789ab']), [
      { range: '10.0.2.0/24', device: 'enp0s3' },
      { range: '10.0.2.3', device: 'enp0s3' },
    ])
  })
})
