import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const of = (kind: string, spec: object, metadata: object = { name: 'web', namespace: 'ns' }) => ({
  object: { apiVersion: 'networking.k8s.io/v1', kind, metadata, spec },
  at: 'spec',
})
const PROTOCOL = 'supported values: "SCTP", "TCP", "UDP"'

const policy = of('NetworkPolicy', { podSelector: {} })
const ports = (...list: object[]) => ({ ingress: [{ ports: list }] })

describeFaults('ports of a NetworkPolicy', policy, [
  [{}],
  [ports({ port: 80, protocol: 'TCP' }, { port: 'http' }, { protocol: 'UDP' }, {})],
  [ports({ port: 80, protocol: 'ICMP' }), `ingress[0].ports[0].protocol: Unsupported value: "ICMP": ${PROTOCOL}`],
  [ports({ port: 0 }), `ingress[0].ports[0].port: Invalid value: 0: ${BAD.port}`],
  [ports({ port: 65536 }), `ingress[0].ports[0].port: Invalid value: 65536: ${BAD.port}`],
  [
    ports({ port: 'Http' }),
    'ingress[0].ports[0].port: Invalid value: "Http": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  [ports({ port: '80' }), 'ingress[0].ports[0].port: Invalid value: "80": must contain at least one letter (a-z)'],
  [
    ports({ port: 'a-name-of-16-let' }),
    'ingress[0].ports[0].port: Invalid value: "a-name-of-16-let": must be no more than 15 bytes',
  ],
  [ports({ port: 'a--b' }), 'ingress[0].ports[0].port: Invalid value: "a--b": must not contain consecutive hyphens'],
  [ports({ port: 'a-' }), 'ingress[0].ports[0].port: Invalid value: "a-": must not begin or end with a hyphen'],
  [ports({ port: 80, endPort: 90 })],
  [ports({ port: 80, endPort: 80 })],
  [
    ports({ port: 80, endPort: 79 }),
    'ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`',
  ],
  [ports({ port: 80, endPort: 70_000 }), `ingress[0].ports[0].endPort: Invalid value: 70000: ${BAD.port}`],
  [
    ports({ port: 'http', endPort: 90 }),
    'ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric',
  ],
  [
    ports({ endPort: 90 }),
    'ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is not specified',
  ],
  [{ egress: [{ ports: [{ port: 0 }] }] }, `egress[0].ports[0].port: Invalid value: 0: ${BAD.port}`],
  [{ policyTypes: ['Ingress', 'Egress'] }],
  [{ policyTypes: [] }],
  [{ policyTypes: ['Both'] }, 'policyTypes[0]: Unsupported value: "Both": supported values: "Egress", "Ingress"'],
  [
    { policyTypes: ['Ingress', 'Egress', 'Ingress'] },
    'policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
  ],
  [{ podSelector: { matchLabels: { 'a b': 'c' } } }, `podSelector.matchLabels: Invalid value: "a b": ${BAD.qualified}`],
])

const from = (...list: object[]) => ({ ingress: [{ from: list }] })
const block = (cidr: string, ...except: string[]) => from({ ipBlock: { cidr, except } })
const STRICT = 'must be a strict subset of `cidr`'

describeFaults('peers of a NetworkPolicy', policy, [
  [from({ podSelector: {} }, { namespaceSelector: {} }, { podSelector: {}, namespaceSelector: {} })],
  [from({}), 'ingress[0].from[0]: Required value: must specify a peer'],
  [{ egress: [{ to: [{}] }] }, 'egress[0].to[0]: Required value: must specify a peer'],
  [
    from({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
    'ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
  ],
  [
    from({ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } }),
    'ingress[0].from[0].namespaceSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
  ],
  [block('10.0.0.0/8')],
  [block('0.0.0.0/0', '10.0.0.0/8')],
  [block('fd00::/8', 'fd00:1::/32')],
  [from({ ipBlock: {} }), 'ingress[0].from[0].ipBlock.cidr: Required value'],
  [block('10.0.0.0'), `ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": ${BAD.cidr}`],
  [block('10.0.0.0/33'), `ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/33": ${BAD.cidr}`],
  [block('fd00::/129'), `ingress[0].from[0].ipBlock.cidr: Invalid value: "fd00::/129": ${BAD.cidr}`],
  [block('10.0.0.0/8', 'x'), `ingress[0].from[0].ipBlock.except[0]: Invalid value: "x": ${BAD.cidr}`],
  [block('10.0.0.0/8', '10.0.0.0/8'), `ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": ${STRICT}`],
  [block('10.0.0.0/8', '10.1.0.0/7'), `ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.1.0.0/7": ${STRICT}`],
  [block('10.0.0.0/8', '11.0.0.0/16'), `ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": ${STRICT}`],
  [block('10.0.0.0/8', 'fd00::/16'), `ingress[0].from[0].ipBlock.except[0]: Invalid value: "fd00::/16": ${STRICT}`],
  [block('x', '10.0.0.0/8'), `ingress[0].from[0].ipBlock.cidr: Invalid value: "x": ${BAD.cidr}`],
])

const service = (more: object = { number: 80 }, name = 's') => ({ service: { name, port: more } })
const path = (more: object = {}) => ({ path: '/', pathType: 'Prefix', backend: service(), ...more })
const ingress = of('Ingress', { rules: [{ host: 'a.example.com', http: { paths: [path()] } }] })
const one = { ...ingress, at: 'spec.rules[0].http.paths[0]' }
const NOT_A_NAME = 'must be a DNS name, not an IP address'
const WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

describeFaults('paths of an Ingress', one, [
  [{}],
  [{ pathType: 'Exact', path: '/a/b' }],
  [{ pathType: 'ImplementationSpecific', path: undefined }],
  [{ pathType: 'ImplementationSpecific', path: '/a//b/..' }],
  [{ pathType: 'ImplementationSpecific', path: 'a' }, 'path: Invalid value: "a": must be an absolute path'],
  [{ pathType: undefined }, 'pathType: Required value: pathType must be specified'],
  [
    { pathType: 'Regex' },
    'pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"',
  ],
  [{ path: undefined }, 'path: Invalid value: "": must be an absolute path'],
  [{ path: 'a' }, 'path: Invalid value: "a": must be an absolute path'],
  ...['//', '/./', '/../', '%2f', '%2F'].map((part): [Record<string, unknown>, string] => [
    { path: `/a${part}b` },
    `path: Invalid value: "/a${part}b": must not contain '${part}'`,
  ]),
  [{ path: '/a/..' }, 'path: Invalid value: "/a/..": cannot end with \'/..\''],
  [{ path: '/a/.' }, 'path: Invalid value: "/a/.": cannot end with \'/.\''],
  [{ path: '/a/...' }],
])

describeFaults('backends of an Ingress', { ...ingress, at: 'spec.rules[0].http.paths[0].backend' }, [
  [{ '': service({ name: 'http' }) }],
  [{ '': {} }, ': Invalid value: "": resource or service backend is required'],
  [{ resource: { kind: 'Bucket', name: 'b' } }, ': Invalid value: "": cannot set both resource and service backends'],
  [{ '': { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'b' } } }],
  [{ '': { resource: {} } }, 'resource.kind: Required value', 'resource.name: Required value'],
  [
    { '': { resource: { apiGroup: 'A', kind: 'a/b', name: '..' } } },
    `resource.apiGroup: Invalid value: "A": ${BAD.subdomain}`,
    'resource.kind: Invalid value: "a/b": may not contain \'/\'',
    'resource.name: Invalid value: "..": may not be \'..\'',
  ],
  [{ 'service.name': '' }, 'service.name: Required value'],
  [{ 'service.name': '1s' }, `service.name: Invalid value: "1s": ${BAD.label1035}`],
  [{ 'service.port': undefined }, ': Required value: port name or number is required'],
  [{ 'service.port': {} }, ': Required value: port name or number is required'],
  [{ 'service.port.name': 'http' }, ': Invalid value: "": cannot set both port name & port number'],
  [{ 'service.port.number': 70_000 }, `service.port.number: Invalid value: 70000: ${BAD.port}`],
  [
    { 'service.port': { name: '80' } },
    'service.port.name: Invalid value: "80": must contain at least one letter (a-z)',
  ],
])

describeFaults('an Ingress', ingress, [
  [{ rules: undefined }, ': Invalid value: null: either `defaultBackend` or `rules` must be specified'],
  [{ rules: [] }, ': Invalid value: []: either `defaultBackend` or `rules` must be specified'],
  [{ rules: undefined, defaultBackend: service() }],
  [{ defaultBackend: {} }, 'defaultBackend: Invalid value: "": resource or service backend is required'],
  [{ 'rules[0].http': undefined }],
  [{ 'rules[0].http.paths': [] }, 'rules[0].http.paths: Required value'],
  [{ 'rules[0].host': undefined }],
  [{ 'rules[0].host': '*.example.com' }],
  [{ 'rules[0].host': 'a_b' }, `rules[0].host: Invalid value: "a_b": ${BAD.subdomain}`],
  [{ 'rules[0].host': '10.0.0.1' }, `rules[0].host: Invalid value: "10.0.0.1": ${NOT_A_NAME}`],
  [
    { 'rules[0].host': 'fd00::1' },
    `rules[0].host: Invalid value: "fd00::1": ${NOT_A_NAME}`,
    `rules[0].host: Invalid value: "fd00::1": ${BAD.subdomain}`,
  ],
  [{ 'rules[0].host': '*' }, `rules[0].host: Invalid value: "*": ${WILDCARD}`],
  [{ 'rules[0].host': 'a.*.com' }, `rules[0].host: Invalid value: "a.*.com": ${WILDCARD}`],
  [{ tls: [{ hosts: ['a.example.com', '*.example.com'], secretName: 'cert' }, {}] }],
  [{ tls: [{ hosts: ['A'] }] }, `tls[0].hosts[0]: Invalid value: "A": ${BAD.subdomain}`],
  [{ tls: [{ hosts: ['a', '*a'] }] }, `tls[0].hosts[1]: Invalid value: "*a": ${WILDCARD}`],
  [{ tls: [{ secretName: 'a/b' }] }, `tls[0].secretName: Invalid value: "a/b": ${BAD.subdomain}`],
  [{ ingressClassName: 'nginx' }],
  [{ ingressClassName: 'a b' }, `ingressClassName: Invalid value: "a b": ${BAD.subdomain}`],
])

const annotated = (name: string) => ({ 'metadata.annotations': { 'kubernetes.io/ingress.class': name } })
describeFaults('the class of an Ingress', { object: ingress.object }, [
  [annotated('nginx')],
  [{ ...annotated('nginx'), 'spec.ingressClassName': 'nginx' }],
  [
    { ...annotated('nginx'), 'spec.ingressClassName': 'other' },
    'annotations.kubernetes.io/ingress.class: Invalid value: "nginx": must match `ingressClassName` when both are specified',
  ],
])
describeUpdates('the class of an Ingress that stands', { object: ingress.object }, [
  [annotated('nginx'), { 'spec.ingressClassName': 'other' }],
  [{}, { 'spec.rules': [] }, 'spec: Invalid value: []: either `defaultBackend` or `rules` must be specified'],
])

const ingressClass = of('IngressClass', { controller: 'example.com/nginx' }, { name: 'nginx' })
const parameters = (more: object) => ({ parameters: { kind: 'K', name: 'n', ...more } })
const DOMAIN_PATH = 'must be a domain-prefixed path (such as "acme.io/foo")'

describeFaults('an IngressClass', ingressClass, [
  [{ controller: 'example.com/a/b~c' }],
  [{ controller: '' }, 'controller: Required value'],
  ...['nginx', '/nginx', 'example.com/'].map((controller): [Record<string, unknown>, string] => [
    { controller },
    `controller: Invalid value: "${controller}": ${DOMAIN_PATH}`,
  ]),
  [{ controller: 'A/b' }, `controller: Invalid value: "A": ${BAD.subdomain}`],
  [
    { controller: 'a.b/c d' },
    "controller: Invalid value: \"c d\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
  ],
  [{ controller: `a.b/${'c'.repeat(246)}` }],
  [{ controller: `a.b/${'c'.repeat(247)}` }, 'controller: Too long: may not be more than 250 bytes'],
  [parameters({ scope: 'Cluster' })],
  [parameters({ scope: 'Namespace', namespace: 'ns', apiGroup: 'example.com' })],
  [parameters({ scope: 'x' }), 'parameters.scope: Unsupported value: "x": supported values: "Cluster", "Namespace"'],
  [
    parameters({ scope: 'Namespace' }),
    "parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ],
  [
    parameters({ scope: 'Cluster', namespace: 'ns' }),
    "parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
  ],
  [parameters({ scope: 'Namespace', namespace: 'A' }), `parameters.namespace: Invalid value: "A": ${BAD.label}`],
  [{ parameters: { scope: 'Cluster' } }, 'parameters.kind: Required value', 'parameters.name: Required value'],
  [parameters({ kind: 'a%', scope: 'Cluster' }), 'parameters.kind: Invalid value: "a%": may not contain \'%\''],
  [parameters({ apiGroup: '', scope: 'Cluster' }), `parameters.apiGroup: Invalid value: "": ${BAD.subdomain}`],
])

describeUpdates('an IngressClass that stands', ingressClass, [
  [{}, parameters({ scope: 'Cluster' })],
  [{}, { controller: 'example.com/b' }, 'controller: Invalid value: "example.com/b": field is immutable'],
])

const parentRef = { resource: 'services', namespace: 'ns', name: 'web' }
const ipAddress = of('IPAddress', { parentRef }, { name: '10.0.0.1' })

describeFaults('an IPAddress', ipAddress, [
  [{}],
  [{ parentRef: undefined }, 'parentRef: Required value'],
  [{ parentRef: {} }, 'parentRef.name: Required value', 'parentRef.resource: Required value'],
  [{ 'parentRef.group': 'A' }, `parentRef.group: Invalid value: "A": ${BAD.subdomain}`],
  [{ 'parentRef.resource': 'a/b' }, 'parentRef.resource: Invalid value: "a/b": may not contain \'/\''],
  [{ 'parentRef.name': '.' }, 'parentRef.name: Invalid value: ".": may not be \'.\''],
  [{ 'parentRef.namespace': 'a%' }, 'parentRef.namespace: Invalid value: "a%": may not contain \'%\''],
])

describeFaults('the name of an IPAddress', { object: ipAddress.object, at: 'metadata' }, [
  [{ name: 'fd00::1' }],
  [{ name: 'web' }, `name: Invalid value: "web": ${BAD.ip}`],
  [{ name: '10.0.0.256' }, `name: Invalid value: "10.0.0.256": ${BAD.ip}`],
])

describeUpdates('an IPAddress that stands', ipAddress, [
  [{}, {}],
  [
    {},
    { 'parentRef.name': 'other' },
    'parentRef: Invalid value: {"resource":"services","namespace":"ns","name":"other"}: field is immutable',
  ],
])

const range = of('ServiceCIDR', { cidrs: ['10.0.0.0/24'] }, { name: 'more' })

describeFaults('a ServiceCIDR', range, [
  [{}],
  [{ cidrs: ['10.0.0.0/24', 'fd00::/112'] }],
  [{ cidrs: [] }, 'cidrs: Required value: at least one CIDR required'],
  [{ cidrs: ['x'] }, `cidrs[0]: Invalid value: "x": ${BAD.cidr}`],
  [
    { cidrs: ['10.0.0.0/24', 'fd00::/112', '10.0.1.0/24'] },
    'cidrs: Invalid value: ["10.0.0.0/24","fd00::/112","10.0.1.0/24"]: may only hold up to 2 values',
  ],
  [
    { cidrs: ['10.0.0.0/24', '10.0.1.0/24'] },
    'cidrs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
  ],
])

describeUpdates('a ServiceCIDR that stands', range, [
  [{}, {}],
  [{}, { cidrs: ['10.0.0.0/24', 'fd00::/112'] }],
  [{}, { cidrs: ['10.0.1.0/24'] }, 'cidrs[0]: Invalid value: "10.0.1.0/24": field is immutable'],
  [{}, { cidrs: ['10.0.1.0/24', 'fd00::/112'] }, 'cidrs[0]: Invalid value: "10.0.1.0/24": field is immutable'],
  [
    { cidrs: ['10.0.0.0/24', 'fd00::/112'] },
    { cidrs: ['10.0.0.0/24'] },
    'cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable',
  ],
])
