import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts'
import { type ServicePort, servicePorts } from './ports.ts'

const service = (spec: object, more: object = {}): Service => ({
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'], ports: [{ port: 80 }], ...spec },
  ...more,
})

const ready = (address: string, nodeName = 'here', more: Partial<Endpoint> = {}): Endpoint => ({
  addresses: [address],
  conditions: { ready: true, serving: true, terminating: false },
  nodeName,
  ...more,
})
const leaving = (address: string, serving = true): Endpoint =>
  ready(address, 'here', { conditions: { ready: false, serving, terminating: true } })
const starting = (address: string): Endpoint =>
  ready(address, 'here', { conditions: { ready: false, serving: false, terminating: false } })

const slice = (endpoints: Endpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice => ({
  metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ port: 8080, protocol: 'TCP' }],
  ...more,
})

interface Case {
  title: string
  spec?: object
  status?: object
  slices?: EndpointSlice[]
  wanted: Partial<ServicePort>
}

const TWO = [slice([ready('10.244.0.2'), ready('10.244.1.2', 'there')])]

const CASES: Case[] = [
  {
    title: 'all that are ready, wherever they are, in order',
    slices: [slice([ready('10.244.1.2', 'there'), ready('10.244.0.2')])],
    wanted: { inside: ['10.244.0.2:8080', '10.244.1.2:8080'], outside: ['10.244.0.2:8080', '10.244.1.2:8080'] },
  },
  { title: 'nobody while there are none', slices: [], wanted: { inside: [], outside: [] } },
  {
    title: 'not those that start',
    slices: [slice([ready('10.244.0.2'), starting('10.244.0.3')])],
    wanted: { inside: ['10.244.0.2:8080'] },
  },
  {
    title: 'those that leave only when nobody else is there',
    slices: [slice([leaving('10.244.0.2'), starting('10.244.0.3')])],
    wanted: { inside: ['10.244.0.2:8080'] },
  },
  {
    title: 'never those that leave while another is ready',
    slices: [slice([leaving('10.244.0.2'), ready('10.244.0.3')])],
    wanted: { inside: ['10.244.0.3:8080'] },
  },
  {
    title: 'never those that leave and serve no more',
    slices: [slice([leaving('10.244.0.2', false)])],
    wanted: { inside: [] },
  },
  {
    title: 'without conditions counts as ready',
    slices: [slice([{ addresses: ['10.244.0.2'] }])],
    wanted: { inside: ['10.244.0.2:8080'] },
  },
  {
    title: 'over several slices, each once',
    slices: [slice([ready('10.244.0.2')]), slice([ready('10.244.0.2'), ready('10.244.0.9')])],
    wanted: { inside: ['10.244.0.2:8080', '10.244.0.9:8080'] },
  },
  {
    title: 'not of slices with other addresses',
    slices: [slice([ready('fd00::2')], { addressType: 'IPv6' })],
    wanted: { inside: [] },
  },
  {
    title: 'not of other Services',
    slices: [slice([ready('10.244.0.2')], { metadata: { namespace: 'shop', labels: {} } })],
    wanted: { inside: [] },
  },
  {
    title: 'not of the same name in another namespace',
    slices: [
      slice([ready('10.244.0.2')], {
        metadata: { namespace: 'other', labels: { 'kubernetes.io/service-name': 'web' } },
      }),
    ],
    wanted: { inside: [] },
  },
  {
    title: 'the port of its name',
    spec: { ports: [{ name: 'admin', port: 9000 }] },
    slices: [
      slice([ready('10.244.0.2')], {
        ports: [
          { name: 'http', port: 8080 },
          { name: 'admin', port: 8090 },
        ],
      }),
    ],
    wanted: { name: 'shop/web:admin', port: 9000, inside: ['10.244.0.2:8090'] },
  },
  {
    title: 'the port of its protocol',
    spec: { ports: [{ port: 53, protocol: 'UDP' }] },
    wanted: { protocol: 'udp', inside: [] },
  },
  {
    title: 'inside only here, with internalTrafficPolicy Local',
    spec: { internalTrafficPolicy: 'Local' },
    slices: TWO,
    wanted: { inside: ['10.244.0.2:8080'], outside: ['10.244.0.2:8080', '10.244.1.2:8080'] },
  },
  {
    title: 'from outside only here, with externalTrafficPolicy Local',
    spec: { type: 'NodePort', externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30080 }] },
    slices: TWO,
    wanted: {
      ...{ inside: ['10.244.0.2:8080', '10.244.1.2:8080'], outside: ['10.244.0.2:8080'] },
      ...{ keepsSource: true, nodePort: 30080 },
    },
  },
  {
    title: 'by addresses of the world outside',
    spec: { type: 'LoadBalancer', externalIPs: ['192.168.56.50', 'fd00::9'] },
    status: {
      loadBalancer: { ingress: [{ ip: '192.168.56.51' }, { ip: '192.168.56.52', ipMode: 'Proxy' }, { hostname: 'x' }] },
    },
    wanted: { externalIps: ['192.168.56.50', '192.168.56.51'] },
  },
  {
    title: 'with an affinity of three hours unless told otherwise',
    spec: { sessionAffinity: 'ClientIP' },
    wanted: { affinitySeconds: 10_800 },
  },
  {
    title: 'with an affinity of its own',
    spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } },
    wanted: { affinitySeconds: 60 },
  },
  { title: 'without affinity', spec: { sessionAffinity: 'None' }, wanted: { affinitySeconds: undefined } },
  {
    title: 'by its IPv4 address where it has both',
    spec: { clusterIP: 'fd00::5', clusterIPs: ['fd00::5', '10.96.0.7'] },
    wanted: { clusterIps: ['10.96.0.7'] },
  },
]

describe("a Service's targets", () => {
  for (const { title, spec = {}, status, slices = TWO, wanted } of CASES) {
    it(title, () => {
      const [port] = servicePorts([service(spec, status ? { status } : {})], slices, 'here')
      const seen = Object.fromEntries(Object.keys(wanted).map(key => [key, port![key as keyof ServicePort]]))
      assert.deepEqual(seen, wanted)
    })
  }

  const without = [
    { title: 'headless', spec: { clusterIP: 'None', clusterIPs: ['None'] } },
    {
      title: 'an alias',
      spec: { type: 'ExternalName', externalName: 'db.example', clusterIP: '', clusterIPs: undefined },
    },
    { title: 'without an address yet', spec: { clusterIP: '', clusterIPs: undefined } },
  ]
  for (const { title, spec } of without) {
    it(`has no rules: ${title}`, () => assert.deepEqual(servicePorts([service(spec)], TWO, 'here'), []))
  }

  it('stand in the order of their names, so that equal objects make equal rules', () => {
    const named = (name: string) => service({}, { metadata: { name, namespace: 'shop' } })
    const names = servicePorts([named('b'), named('a')], [], 'here').map(port => port.name)
    assert.deepEqual(names, ['shop/a', 'shop/b'])
  })
})
