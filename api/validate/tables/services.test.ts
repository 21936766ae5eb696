import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const object = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'ns' },
  spec: { selector: { app: 'a' }, ports: [{ port: 80 }] },
}
const spec = { object, at: 'spec' }
const ports = (...list: object[]) => ({ ports: list })
const node = (more: object = {}) => ({ type: 'NodePort', ...more })
const balancer = (more: object = {}) => ({ type: 'LoadBalancer', ...more })
const BALANCED = "may only be used when `type` is 'LoadBalancer'"

describeFaults('the name of a Service', { object, at: 'metadata' }, [
  [{ name: 'web-1' }],
  [{ name: '1web' }, `name: Invalid value: "1web": ${BAD.label1035}`],
  [{ name: 'a.b' }, `name: Invalid value: "a.b": ${BAD.label1035}`],
  [{ name: 'x'.repeat(64) }, `name: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`],
])

describeFaults('ports of a Service', spec, [
  [ports({ port: 80, targetPort: 'http' })],
  [ports(), 'ports: Required value'],
  [{ ...ports(), clusterIP: 'None' }],
  [
    ports({ port: 0 }),
    `ports[0].port: Invalid value: 0: ${BAD.port}`,
    `ports[0].targetPort: Invalid value: 0: ${BAD.port}`,
  ],
  [ports({ port: 65536, targetPort: 80 }), `ports[0].port: Invalid value: 65536: ${BAD.port}`],
  [ports({ port: 80, targetPort: 70000 }), `ports[0].targetPort: Invalid value: 70000: ${BAD.port}`],
  [
    ports({ port: 80, targetPort: '80' }),
    'ports[0].targetPort: Invalid value: "80": must contain at least one letter (a-z)',
  ],
  [
    ports({ port: 80, protocol: 'HTTP' }),
    'ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
  ],
  [ports({ port: 80, appProtocol: 'kubernetes.io/h2c' })],
  [ports({ port: 80, appProtocol: 'a b' }), `ports[0].appProtocol: Invalid value: "a b": ${BAD.qualified}`],
  [ports({ port: 80 }, { port: 81 }), 'ports[0].name: Required value', 'ports[1].name: Required value'],
  [ports({ port: 80, name: 'a' }, { port: 81, name: 'a' }), 'ports[1].name: Duplicate value: "a"'],
  [ports({ port: 80, name: 'a' }, { port: 80, name: 'b' }), 'ports[1]: Duplicate value: {"protocol":"TCP","port":80}'],
  [ports({ port: 53, name: 'a' }, { port: 53, name: 'b', protocol: 'UDP' })],
  [ports({ port: 80, name: 'A' }), `ports[0].name: Invalid value: "A": ${BAD.label}`],
  [ports({ port: 80, nodePort: 30000 }), "ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  [node(ports({ port: 80, nodePort: 30000 }))],
  [
    node(ports({ port: 80, name: 'a', nodePort: 30000 }, { port: 81, name: 'b', nodePort: 30000 })),
    'ports[1].nodePort: Duplicate value: 30000',
  ],
  [node(ports({ port: 80, name: 'a', nodePort: 30000 }, { port: 81, name: 'b', nodePort: 30000, protocol: 'UDP' }))],
])

describeFaults('addresses of a Service', spec, [
  [{ clusterIP: '10.0.0.1' }],
  [{ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'] }],
  [{ clusterIP: 'None', clusterIPs: ['None'] }],
  [{ clusterIP: 'none' }, `clusterIPs[0]: Invalid value: "none": ${BAD.ip}`],
  [
    { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] },
    'clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`',
  ],
  [
    { clusterIPs: ['10.0.0.2'] },
    'clusterIPs: Invalid value: ["10.0.0.2"]: must be empty when `clusterIP` is not specified',
  ],
  [
    { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] },
    'clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
  ],
  [
    { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1', 'fd00::2'] },
    'clusterIPs: Invalid value: ["10.0.0.1","fd00::1","fd00::2"]: may only hold up to 2 values',
  ],
  [
    { clusterIP: 'None', clusterIPs: ['None', '10.0.0.1'] },
    'clusterIPs: Invalid value: ["None","10.0.0.1"]: \'None\' must be the first and only value',
  ],
  [
    { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv6'] },
    'clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
  ],
  [{ ipFamilies: ['IPv4', 'IPv4'] }, 'ipFamilies[1]: Duplicate value: "IPv4"'],
  [{ ipFamilies: ['IPv5'] }, 'ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"'],
  [
    { ipFamilyPolicy: 'x' },
    'ipFamilyPolicy: Unsupported value: "x": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
  ],
  [
    node({ clusterIP: 'None' }),
    'clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
  ],
  [
    balancer({ clusterIP: 'None' }),
    'clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services',
  ],
])

const named = (more: object = {}) => ({ type: 'ExternalName', externalName: 'example.com', ports: undefined, ...more })
const STRAY = 'Forbidden: may not be set for ExternalName services'

describeFaults('a Service that is another name', spec, [
  [named()],
  [named({ externalName: 'example.com.' })],
  [named({ externalName: '' }), 'externalName: Required value'],
  [named({ externalName: 'a_b' }), `externalName: Invalid value: "a_b": ${BAD.subdomain}`],
  [named({ externalName: 'fd00::1' }), `externalName: Invalid value: "fd00::1": ${BAD.subdomain}`],
  [named({ clusterIP: '10.0.0.1' }), `clusterIPs: ${STRAY}`],
  [named({ ipFamilies: ['IPv4'] }), `ipFamilies: ${STRAY}`],
  [named({ ipFamilyPolicy: 'SingleStack' }), `ipFamilyPolicy: ${STRAY}`],
  [
    named({ externalTrafficPolicy: 'Local' }),
    'externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  ],
])

describeFaults('how a Service is reached from outside', spec, [
  [
    { type: 'x' },
    'type: Unsupported value: "x": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  [{ externalIPs: ['203.0.113.1'] }],
  [{ externalIPs: ['x'] }, `externalIPs[0]: Invalid value: "x": ${BAD.ip}`],
  [{ externalIPs: ['0.0.0.0'] }, 'externalIPs[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)'],
  [
    { externalIPs: ['127.0.0.1'] },
    'externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ],
  [
    { externalIPs: ['fe80::1'] },
    'externalIPs[0]: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  [
    { externalIPs: ['224.0.0.5'] },
    'externalIPs[0]: Invalid value: "224.0.0.5": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
  [
    { externalTrafficPolicy: 'Local' },
    'externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  ],
  [node({ externalTrafficPolicy: 'Local' })],
  [{ externalIPs: ['203.0.113.1'], externalTrafficPolicy: 'Local' }],
  [
    node({ externalTrafficPolicy: 'x' }),
    'externalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"',
  ],
  [{ internalTrafficPolicy: 'Local' }],
  [
    { internalTrafficPolicy: 'x' },
    'internalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"',
  ],
  [{ trafficDistribution: 'PreferClose' }],
  [balancer({ externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 })],
  [
    balancer({ healthCheckNodePort: 31000 }),
    "healthCheckNodePort: Invalid value: 31000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
  ],
  [balancer({ loadBalancerClass: 'example.com/lb', allocateLoadBalancerNodePorts: false })],
  [balancer({ loadBalancerClass: 'a b' }), `loadBalancerClass: Invalid value: "a b": ${BAD.qualified}`],
  [{ loadBalancerClass: 'example.com/lb' }, `loadBalancerClass: Forbidden: ${BALANCED}`],
  [node({ allocateLoadBalancerNodePorts: true }), `allocateLoadBalancerNodePorts: Forbidden: ${BALANCED}`],
  [balancer({ loadBalancerSourceRanges: ['10.0.0.0/8', ' 10.0.0.0/8 '] })],
  [
    balancer({ loadBalancerSourceRanges: ['10.0.0.0'] }),
    `LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": ${BAD.cidr}`,
  ],
  [{ loadBalancerSourceRanges: ['10.0.0.0/8'] }, `LoadBalancerSourceRanges: Forbidden: ${BALANCED}`],
])

const client = (timeoutSeconds: number) => ({
  sessionAffinity: 'ClientIP',
  sessionAffinityConfig: { clientIP: { timeoutSeconds } },
})

describeFaults('who is sent where', spec, [
  [{ sessionAffinity: 'ClientIP' }],
  [{ sessionAffinity: 'x' }, 'sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None"'],
  [client(1)],
  [client(86400)],
  [
    client(0),
    'sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400',
  ],
  [
    client(86401),
    'sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
  ],
  [{ selector: { 'a b': 'c' } }, `selector: Invalid value: "a b": ${BAD.qualified}`],
  [{ selector: {} }],
])

const at = (ip: string) => ({ clusterIP: ip, clusterIPs: [ip] })
const dual = {
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1', 'fd00::1'],
  ipFamilies: ['IPv4', 'IPv6'],
  ipFamilyPolicy: 'RequireDualStack',
}

describeUpdates('a Service that stands', spec, [
  [at('10.0.0.1'), { selector: { app: 'b' }, ports: [{ port: 81 }] }],
  [at('10.0.0.1'), at('10.0.0.2'), 'clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
  [at('10.0.0.1'), at('None'), 'clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
  [at('None'), at('10.0.0.1'), 'clusterIPs[0]: Invalid value: ["10.0.0.1"]: may not change once set'],
  [
    at('10.0.0.1'),
    { clusterIP: undefined, clusterIPs: undefined },
    'clusterIPs[0]: Invalid value: []: primary clusterIP can not be unset',
  ],
  [at('10.0.0.1'), { type: 'NodePort' }],
  [
    at('10.0.0.1'),
    {
      type: 'ExternalName',
      externalName: 'a',
      clusterIP: undefined,
      clusterIPs: undefined,
      internalTrafficPolicy: undefined,
    },
  ],
  [named(), { type: 'ClusterIP', externalName: undefined, ports: [{ port: 80 }], ...at('10.0.0.1') }],
  [{ ...at('10.0.0.1'), ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }, dual],
  [dual, { ...at('10.0.0.1'), ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }],
  [
    dual,
    { ...at('10.0.0.1'), ipFamilies: ['IPv4'] },
    'ipFamilyPolicy: Invalid value: "RequireDualStack": must be set to \'SingleStack\' when releasing the secondary clusterIP',
    'ipFamilyPolicy: Invalid value: "RequireDualStack": must be set to \'SingleStack\' when releasing the secondary ipFamily',
  ],
  [
    balancer(),
    { loadBalancerClass: 'example.com/a' },
    'loadBalancerClass: Invalid value: "example.com/a": may not change once set',
  ],
  [
    balancer({ loadBalancerClass: 'example.com/a' }),
    { loadBalancerClass: undefined },
    'loadBalancerClass: Invalid value: null: may not change once set',
  ],
  [
    balancer({ externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 }),
    { healthCheckNodePort: 31001 },
    'healthCheckNodePort: Forbidden: field is immutable',
  ],
])

const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web', namespace: 'ns' } }
const subset = (one: object) => ({ subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }], ...one }] })

describeFaults('Endpoints', { object: endpoints }, [
  [subset({})],
  [subset({ notReadyAddresses: [{ ip: 'fd00::1' }], ports: undefined })],
  [subset({ addresses: [] }), 'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
  [subset({ addresses: [{ ip: 'x' }] }), `subsets[0].addresses[0].ip: Invalid value: "x": ${BAD.ip}`],
  [
    subset({ addresses: [{ ip: '127.0.0.1' }] }),
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ],
  [
    subset({ notReadyAddresses: [{ ip: '169.254.169.254' }] }),
    'subsets[0].notReadyAddresses[0].ip: Invalid value: "169.254.169.254": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  [
    subset({ addresses: [{ ip: '10.0.0.1', hostname: 'a.b' }] }),
    `subsets[0].addresses[0].hostname: Invalid value: "a.b": ${BAD.dots}`,
  ],
  [subset({ ports: [{ port: 0 }] }), `subsets[0].ports[0].port: Invalid value: 0: ${BAD.port}`],
  [subset({ ports: [{ port: 80 }, { port: 81, name: 'a' }] }), 'subsets[0].ports[0].name: Required value'],
  [
    subset({ ports: [{ port: 80, protocol: 'x' }] }),
    'subsets[0].ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
  ],
])

const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'ns' },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.1'] }],
}

describeFaults('an EndpointSlice', { object: slice }, [
  [{}],
  [{ addressType: 'x' }, 'addressType: Unsupported value: "x": supported values: "FQDN", "IPv4", "IPv6"'],
  [{ addressType: undefined }, 'addressType: Required value'],
  [{ addressType: 'IPv6' }, 'endpoints[0].addresses[0]: Invalid value: "10.0.0.1": must be an IPv6 address'],
  [{ 'endpoints[0].addresses': [] }, 'endpoints[0].addresses: Required value: must contain at least 1 address'],
  [
    { 'endpoints[0].addresses': ['127.0.0.1'] },
    'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ],
  [{ addressType: 'FQDN', 'endpoints[0].addresses': ['example.com'] }],
  [
    {
      ports: [
        { name: 'a', port: 80 },
        { name: 'a', port: 81 },
      ],
    },
    'ports[1].name: Duplicate value: "a"',
  ],
  [
    { ports: [{ protocol: 'x', port: 80 }] },
    'ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
  ],
])

describeUpdates('an EndpointSlice that stands', { object: slice }, [
  [{}, { 'endpoints[0].addresses': ['10.0.0.2'] }],
  [
    {},
    { addressType: 'IPv6', 'endpoints[0].addresses': ['fd00::1'] },
    'addressType: Invalid value: "IPv6": field is immutable',
  ],
])
