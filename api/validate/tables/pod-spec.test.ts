import { BAD, describeFaults, POD } from '../../testing.ts'

const spec = { object: POD, at: 'spec' }
const c = { name: 'c', image: 'nginx' }
const POLICIES = 'supported values: "Always", "Never", "OnFailure"'
const DNS = 'supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"'

describeFaults('what a pod is as a whole', spec, [
  [{}],
  [{ restartPolicy: 'OnFailure' }],
  [{ restartPolicy: 'Never' }],
  [{ restartPolicy: '' }, 'restartPolicy: Required value'],
  [{ restartPolicy: 'never' }, `restartPolicy: Unsupported value: "never": ${POLICIES}`],
  [{ dnsPolicy: 'Default' }],
  [{ dnsPolicy: 'ClusterFirstWithHostNet' }],
  [{ dnsPolicy: '' }, 'dnsPolicy: Required value'],
  [{ dnsPolicy: 'Cluster' }, `dnsPolicy: Unsupported value: "Cluster": ${DNS}`],
  [{ activeDeadlineSeconds: 1 }],
  [{ activeDeadlineSeconds: 2147483647 }],
  [
    { activeDeadlineSeconds: 0 },
    'activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
  ],
  [
    { activeDeadlineSeconds: 2147483648 },
    'activeDeadlineSeconds: Invalid value: 2147483648: must be between 1 and 2147483647, inclusive',
  ],
  [{ terminationGracePeriodSeconds: 0 }],
  [{ hostname: 'web-0', subdomain: 'web' }],
  [{ hostname: 'a.b' }, `hostname: Invalid value: "a.b": ${BAD.dots}`],
  [{ subdomain: 'A' }, `subdomain: Invalid value: "A": ${BAD.label}`],
  [{ hostname: 'x'.repeat(64) }, `hostname: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`],
  [{ nodeName: 'worker-1.example.com' }],
  [{ nodeName: 'Worker' }, `nodeName: Invalid value: "Worker": ${BAD.subdomain}`],
  [{ serviceAccountName: 'system:a' }, `serviceAccountName: Invalid value: "system:a": ${BAD.subdomain}`],
  [{ priorityClassName: 'a_b' }, `priorityClassName: Invalid value: "a_b": ${BAD.subdomain}`],
  [{ runtimeClassName: 'gVisor' }, `runtimeClassName: Invalid value: "gVisor": ${BAD.subdomain}`],
  [{ preemptionPolicy: 'Never' }],
  [
    { preemptionPolicy: 'x' },
    'preemptionPolicy: Unsupported value: "x": supported values: "Never", "PreemptLowerPriority"',
  ],
  [{ nodeSelector: { 'kubernetes.io/os': 'linux' } }],
  [{ nodeSelector: { a: '-' } }, `nodeSelector: Invalid value: "-": ${BAD.value}`],
  [{ nodeSelector: { '-a': 'b' } }, `nodeSelector: Invalid value: "-a": ${BAD.qualified}`],
  [{ imagePullSecrets: [{ name: 'registry' }] }],
  [{ readinessGates: [{ conditionType: 'example.com/ready' }] }],
  [
    { readinessGates: [{ conditionType: 'a b' }] },
    `readinessGates[0].conditionType: Invalid value: "a b": ${BAD.qualified}`,
  ],
])

describeFaults('the containers of a pod', spec, [
  [{ containers: [] }, 'containers: Required value'],
  [{ containers: [c, { ...c, name: 'd' }] }],
  [{ containers: [c, c] }, 'containers[1].name: Duplicate value: "c"'],
  [{ initContainers: [c] }, 'initContainers[0].name: Duplicate value: "c"'],
  [
    {
      initContainers: [
        { ...c, name: 'i' },
        { ...c, name: 'i' },
      ],
    },
    'initContainers[1].name: Duplicate value: "i"',
  ],
  [{ initContainers: [{ ...c, name: 'i', restartPolicy: 'Always' }] }],
  [{ initContainers: [{ ...c, name: 'i', image: '' }] }, 'initContainers[0].image: Required value'],
  [{ ephemeralContainers: [{ ...c, name: 'e' }] }, 'ephemeralContainers: Forbidden: cannot be set on create'],
])

describeFaults('names that a pod is resolved by', spec, [
  [{ dnsPolicy: 'None' }, 'dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  [
    { dnsPolicy: 'None', dnsConfig: {} },
    'dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
  ],
  [{ dnsPolicy: 'None', dnsConfig: { nameservers: ['10.0.0.10'] } }],
  [{ dnsConfig: { nameservers: ['10.0.0.10', '::1', '8.8.8.8'] } }],
  [
    { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
    'dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
  ],
  [{ dnsConfig: { nameservers: ['dns'] } }, `dnsConfig.nameservers[0]: Invalid value: "dns": ${BAD.ip}`],
  [{ dnsConfig: { searches: ['svc.cluster.local', 'example.com.', '.', '_tcp.example.com'] } }],
  [
    { dnsConfig: { searches: ['a b'] } },
    "dnsConfig.searches[0]: Invalid value: \"a b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')",
  ],
  [{ dnsConfig: { options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] } }],
  [{ dnsConfig: { options: [{ value: '2' }] } }, 'dnsConfig.options[0]: Required value: must not be empty'],
  [{ hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.example.com'] }] }],
  [{ hostAliases: [{ ip: 'x' }] }, `hostAliases[0].ip: Invalid value: "x": ${BAD.ip}`],
  [
    { hostAliases: [{ ip: '10.0.0.1', hostnames: ['ok', 'Not_ok'] }] },
    `hostAliases[0].hostnames[1]: Invalid value: "Not_ok": ${BAD.subdomain}`,
  ],
])

describeFaults('namespaces of the host', spec, [
  [{ hostPID: true, hostIPC: true, hostNetwork: true }],
  [{ shareProcessNamespace: true }],
  [
    { hostPID: true, shareProcessNamespace: true },
    'securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
  ],
  [{ hostPID: true, shareProcessNamespace: false }],
  [{ hostUsers: false }],
  [{ hostUsers: false, hostPID: true }, 'HostPID: Forbidden: when `hostUsers` is false'],
  [{ hostUsers: false, hostIPC: true }, 'HostIPC: Forbidden: when `hostUsers` is false'],
  [
    { hostNetwork: true, 'containers[0].ports': [{ containerPort: 80, hostPort: 81 }] },
    'containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
  ],
  [{ hostNetwork: true, 'containers[0].ports': [{ containerPort: 80 }] }],
])

describeFaults('gates before scheduling', spec, [
  [{ schedulingGates: [{ name: 'example.com/a' }, { name: 'b' }] }],
  [{ schedulingGates: [{ name: 'a' }, { name: 'a' }] }, 'schedulingGates[1]: Duplicate value: "a"'],
  [{ schedulingGates: [{ name: 'a b' }] }, `schedulingGates[0]: Invalid value: "a b": ${BAD.qualified}`],
  [
    { schedulingGates: [{ name: 'a' }], nodeName: 'n' },
    'nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
  ],
])

describeFaults('what a pod says about its metadata', { object: POD, at: 'metadata' }, [
  [{ name: 'Web' }, `name: Invalid value: "Web": ${BAD.subdomain}`],
  [{ name: 'x'.repeat(254) }, `name: Invalid value: "${'x'.repeat(254)}": must be no more than 253 bytes`],
  [{ name: undefined }, 'name: Required value: name or generateName is required'],
  [{ namespace: undefined }, 'namespace: Required value'],
  [{ namespace: 'a.b' }, `namespace: Invalid value: "a.b": ${BAD.dots}`],
  [{ labels: { a: 'x'.repeat(64) } }, `labels: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`],
  [{ labels: { '/a': 'b' } }, 'labels: Invalid value: "/a": prefix part must be non-empty'],
  [{ labels: { 'A/b': 'c' } }, `labels: Invalid value: "A/b": prefix part ${BAD.subdomain}`],
  [{ annotations: { 'Example.COM/Key': '' } }],
  [{ annotations: { k: 'x'.repeat(262144) } }, 'annotations: Too long: may not be more than 262144 bytes'],
  [{ annotations: { k: 'x'.repeat(262143) } }],
  [{ finalizers: ['example.com/hold'] }],
  [
    { finalizers: ['hold'] },
    'finalizers[0]: Invalid value: "hold": name is neither a standard finalizer name nor is it fully qualified',
  ],
  [{ finalizers: ['orphan'] }],
  [{ annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-10' } }],
  [
    { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '+10' } },
    'annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+10": must be a 32bit integer',
  ],
  [
    { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '2147483648' } },
    'annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "2147483648": must be a 32bit integer',
  ],
  [
    { annotations: { 'kubernetes.io/config.mirror': 'hash' } },
    'annotations[kubernetes.io/config.mirror]: Invalid value: "hash": must set spec.nodeName if mirror pod annotation is set',
  ],
  [
    { annotations: { 'container.apparmor.security.beta.kubernetes.io/other': 'runtime/default' } },
    'annotations[container.apparmor.security.beta.kubernetes.io/other]: Invalid value: "other": container not found',
  ],
  [
    { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'mine' } },
    'annotations[container.apparmor.security.beta.kubernetes.io/c]: Invalid value: "mine": invalid AppArmor profile name: "mine"',
  ],
])
