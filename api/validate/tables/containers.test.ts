import { BAD, describeFaults, POD } from '../../testing.ts'

const object = { ...POD, spec: { ...POD.spec, initContainers: [{ name: 'i', image: 'nginx' }] } }
const LETTER = 'must contain at least one letter (a-z)'
const container = { object, at: 'spec.containers[0]' }
const init = { object, at: 'spec.initContainers[0]' }

describeFaults('a container', container, [
  [{}],
  [{ name: undefined }, 'name: Required value'],
  [{ name: 'C' }, `name: Invalid value: "C": ${BAD.label}`],
  [{ name: 'a.b' }, `name: Invalid value: "a.b": ${BAD.dots}`],
  [{ image: undefined }, 'image: Required value'],
  [{ image: ' nginx' }, 'image: Invalid value: " nginx": must not have leading or trailing whitespace'],
  [{ image: 'nginx\n' }, 'image: Invalid value: "nginx\\n": must not have leading or trailing whitespace'],
  [{ imagePullPolicy: 'Always' }],
  [
    { imagePullPolicy: 'always' },
    'imagePullPolicy: Unsupported value: "always": supported values: "Always", "IfNotPresent", "Never"',
  ],
  [{ terminationMessagePolicy: 'FallbackToLogsOnError' }],
  [
    { terminationMessagePolicy: 'x' },
    'terminationMessagePolicy: Unsupported value: "x": supported values: "FallbackToLogsOnError", "File"',
  ],
  [{ command: ['sh', '-c', ''], args: [''], workingDir: 'relative', stdin: true, stdinOnce: true, tty: true }],
  [{ restartPolicy: 'OnFailure' }],
  [
    { restartPolicy: 'Sometimes' },
    'restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
  ],
])

describeFaults('ports of a container', container, [
  [{ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }, { containerPort: 81, protocol: 'SCTP' }] }],
  [
    {
      ports: [
        { name: 'http', containerPort: 80 },
        { name: 'http', containerPort: 81 },
      ],
    },
    'ports[1].name: Duplicate value: "http"',
  ],
  // What is no name is not taken.
  [
    {
      ports: [
        { name: '80', containerPort: 80 },
        { name: '80', containerPort: 81 },
      ],
    },
    `ports[0].name: Invalid value: "80": ${LETTER}`,
    `ports[1].name: Invalid value: "80": ${LETTER}`,
  ],
  [{ ports: [{ containerPort: 0 }] }, 'ports[0].containerPort: Required value'],
  [{ ports: [{ containerPort: 65535 }, { containerPort: 1 }] }],
  [{ ports: [{ containerPort: 65536 }] }, `ports[0].containerPort: Invalid value: 65536: ${BAD.port}`],
  [{ ports: [{ containerPort: -1 }] }, `ports[0].containerPort: Invalid value: -1: ${BAD.port}`],
  [{ ports: [{ containerPort: 80, hostPort: 65536 }] }, `ports[0].hostPort: Invalid value: 65536: ${BAD.port}`],
  [{ ports: [{ containerPort: 80, hostPort: 0 }] }],
  [
    { ports: [{ containerPort: 80, protocol: 'tcp' }] },
    'ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    { ports: [{ containerPort: 80, name: 'x'.repeat(16) }] },
    `ports[0].name: Invalid value: "${'x'.repeat(16)}": must be no more than 15 bytes`,
  ],
  [
    { ports: [{ containerPort: 80, name: '80' }] },
    'ports[0].name: Invalid value: "80": must contain at least one letter (a-z)',
  ],
  [
    { ports: [{ containerPort: 80, name: 'a--b' }] },
    'ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens',
  ],
  [
    { ports: [{ containerPort: 80, name: 'a-' }] },
    'ports[0].name: Invalid value: "a-": must not begin or end with a hyphen',
  ],
  [
    { ports: [{ containerPort: 80, name: 'a.b' }] },
    'ports[0].name: Invalid value: "a.b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  [
    {
      ports: [
        { containerPort: 80, hostPort: 80 },
        { containerPort: 81, hostPort: 80 },
      ],
    },
    'ports[1].hostPort: Duplicate value: "TCP//80"',
  ],
  [
    {
      ports: [
        { containerPort: 80, hostPort: 80 },
        { containerPort: 81, hostPort: 80, protocol: 'UDP' },
      ],
    },
  ],
  [
    {
      ports: [
        { containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' },
        { containerPort: 81, hostPort: 80, hostIP: '10.0.0.2' },
      ],
    },
  ],
])

const exec = { exec: { command: ['true'] } }

describeFaults('probes', container, [
  [{ livenessProbe: exec, readinessProbe: exec, startupProbe: exec }],
  [{ livenessProbe: {} }, 'livenessProbe: Required value: must specify a handler type'],
  [{ livenessProbe: { exec: {} } }, 'livenessProbe.exec.command: Required value'],
  [
    { readinessProbe: { ...exec, tcpSocket: { port: 80 } } },
    'readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
  ],
  [{ livenessProbe: { httpGet: { port: 'http' } } }],
  [{ livenessProbe: { httpGet: {} } }, `livenessProbe.httpGet.port: Invalid value: 0: ${BAD.port}`],
  [
    { livenessProbe: { httpGet: { port: 'not_a_port' } } },
    'livenessProbe.httpGet.port: Invalid value: "not_a_port": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  [
    { livenessProbe: { httpGet: { port: 80, scheme: 'https' } } },
    'livenessProbe.httpGet.scheme: Unsupported value: "https": supported values: "HTTP", "HTTPS"',
  ],
  [
    { livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'X-Ok' }, { name: 'X Bad' }] } } },
    "livenessProbe.httpGet.httpHeaders: Invalid value: \"X Bad\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ],
  [
    { livenessProbe: { tcpSocket: { port: 70000 } } },
    `livenessProbe.tcpSocket.port: Invalid value: 70000: ${BAD.port}`,
  ],
  [{ livenessProbe: { grpc: { port: 5000 } } }],
  [{ livenessProbe: { grpc: { port: 0 } } }, `livenessProbe.grpc.port: Invalid value: 0: ${BAD.port}`],
  [
    { livenessProbe: { ...exec, initialDelaySeconds: -1 } },
    `livenessProbe.initialDelaySeconds: Invalid value: -1: ${BAD.negative}`,
  ],
  [
    { livenessProbe: { ...exec, timeoutSeconds: -1 } },
    `livenessProbe.timeoutSeconds: Invalid value: -1: ${BAD.negative}`,
  ],
  [
    { livenessProbe: { ...exec, periodSeconds: -1 } },
    `livenessProbe.periodSeconds: Invalid value: -1: ${BAD.negative}`,
  ],
  [
    { livenessProbe: { ...exec, failureThreshold: -1 } },
    `livenessProbe.failureThreshold: Invalid value: -1: ${BAD.negative}`,
  ],
  [{ livenessProbe: { ...exec, periodSeconds: 0, timeoutSeconds: 0 } }],
  [{ livenessProbe: { ...exec, successThreshold: 2 } }, 'livenessProbe.successThreshold: Invalid value: 2: must be 1'],
  [{ startupProbe: { ...exec, successThreshold: 2 } }, 'startupProbe.successThreshold: Invalid value: 2: must be 1'],
  [{ readinessProbe: { ...exec, successThreshold: 2 } }],
  [{ livenessProbe: { ...exec, terminationGracePeriodSeconds: 10 } }],
  [
    { livenessProbe: { ...exec, terminationGracePeriodSeconds: 0 } },
    `livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: ${BAD.zero}`,
  ],
  [
    { readinessProbe: { ...exec, terminationGracePeriodSeconds: 10 } },
    'readinessProbe.terminationGracePeriodSeconds: Invalid value: 10: must not be set for readinessProbes',
  ],
])

describeFaults('hooks', container, [
  [{ lifecycle: { postStart: exec, preStop: { httpGet: { port: 80 } } } }],
  [{ lifecycle: { preStop: {} } }, 'lifecycle.preStop: Required value: must specify a handler type'],
  [{ lifecycle: { preStop: { sleep: { seconds: 30 } } } }],
  [{ lifecycle: { preStop: { sleep: { seconds: 0 } } } }],
  [
    { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
    'lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
  ],
  [
    { lifecycle: { postStart: { sleep: { seconds: -1 } } } },
    'lifecycle.postStart.sleep: Invalid value: -1: must be non-negative and less than terminationGracePeriodSeconds (30)',
  ],
])

describeFaults('an init container', init, [
  [{}],
  [
    {
      restartPolicy: 'Always',
      livenessProbe: exec,
      readinessProbe: exec,
      startupProbe: exec,
      lifecycle: { preStop: exec },
    },
  ],
  [
    { readinessProbe: exec },
    'readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  [{ startupProbe: exec }, 'startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always'],
  [
    { lifecycle: { preStop: exec } },
    'lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  [
    { restartPolicy: 'Always', livenessProbe: { ...exec, successThreshold: 3 } },
    'livenessProbe.successThreshold: Invalid value: 3: must be 1',
  ],
  [{ ports: [{ containerPort: 80, hostPort: 80 }] }],
  [{ image: 'a b ' }, 'image: Invalid value: "a b ": must not have leading or trailing whitespace'],
])

const env = (one: object) => ({ env: [{ name: 'A', ...one }] })
const from = (valueFrom: object) => env({ valueFrom })
const SOURCES = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
const RESOURCES =
  'supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"'
const FIELDS =
  'supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"'

describeFaults('variables', container, [
  [
    {
      env: [
        { name: 'A', value: 'b' },
        { name: 'A', value: 'c' },
        { name: 'a.b-c d', value: '' },
      ],
    },
  ],
  [{ env: [{ value: 'b' }] }, 'env[0].name: Required value'],
  [{ env: [{ name: 'a=b' }] }, `env[0].name: Invalid value: "a=b": ${BAD.env}`],
  [{ env: [{ name: 'ä' }] }, `env[0].name: Invalid value: "ä": ${BAD.env}`],
  [from({}), `env[0].valueFrom: Invalid value: "": must specify one of: ${SOURCES}`],
  [
    env({ value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
    'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ],
  [
    from({ fieldRef: { fieldPath: 'metadata.name' }, configMapKeyRef: { name: 'a', key: 'b' } }),
    'env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
  ],
  [from({ fieldRef: { fieldPath: "metadata.labels['app.kubernetes.io/name']" } })],
  [from({ fieldRef: { fieldPath: "metadata.annotations['Example.com/Key']" } })],
  [
    from({ fieldRef: { fieldPath: 'metadata.labels' } }),
    `env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": ${FIELDS}`,
  ],
  [
    from({ fieldRef: { fieldPath: 'spec.restartPolicy' } }),
    `env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "spec.restartPolicy": ${FIELDS}`,
  ],
  [
    from({ fieldRef: { fieldPath: 'metadata.whoops' } }),
    'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.whoops": error converting fieldPath: field label not supported: metadata.whoops',
  ],
  [
    from({ fieldRef: { fieldPath: "metadata.labels['a b']" } }),
    `env[0].valueFrom.fieldRef: Invalid value: "a b": ${BAD.qualified}`,
  ],
  [from({ fieldRef: {} }), 'env[0].valueFrom.fieldRef.fieldPath: Required value'],
  [from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } })],
  [from({ resourceFieldRef: { resource: 'requests.hugepages-2Mi', divisor: '1Mi' } })],
  [from({ resourceFieldRef: {} }), 'env[0].valueFrom.resourceFieldRef.resource: Required value'],
  [
    from({ resourceFieldRef: { resource: 'limits.gpu' } }),
    `env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": ${RESOURCES}`,
  ],
  [
    from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '10m' } }),
    'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
  ],
  [
    from({ resourceFieldRef: { resource: 'requests.memory', divisor: '1m' } }),
    'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "requests.memory": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource',
  ],
  [
    from({ resourceFieldRef: { resource: 'limits.ephemeral-storage', divisor: '2Gi' } }),
    'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.ephemeral-storage": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource',
  ],
  [from({ configMapKeyRef: { name: 'a', key: 'b.c_d-E' } })],
  [from({ configMapKeyRef: { name: 'a' } }), 'env[0].valueFrom.configMapKeyRef.key: Required value'],
  [
    from({ configMapKeyRef: { key: 'b' } }),
    `env[0].valueFrom.configMapKeyRef.name: Invalid value: "": ${BAD.subdomain}`,
  ],
  [
    from({ secretKeyRef: { name: 'a', key: 'b c' } }),
    `env[0].valueFrom.secretKeyRef.key: Invalid value: "b c": ${BAD.key}`,
  ],
  [
    from({ secretKeyRef: { name: 'A', key: 'b' } }),
    `env[0].valueFrom.secretKeyRef.name: Invalid value: "A": ${BAD.subdomain}`,
  ],
  [
    from({ secretKeyRef: { name: 'a', key: '..' } }),
    'env[0].valueFrom.secretKeyRef.key: Invalid value: "..": must not be \'..\'',
  ],
])

describeFaults('sets of variables', container, [
  [{ envFrom: [{ configMapRef: { name: 'a' } }, { prefix: 'X_', secretRef: { name: 'b', optional: true } }] }],
  [{ envFrom: [{}] }, 'envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
  [
    { envFrom: [{ configMapRef: { name: 'a' }, secretRef: { name: 'b' } }] },
    'envFrom: Invalid value: "": may not have more than one field specified at a time',
  ],
  [{ envFrom: [{ configMapRef: {} }] }, 'envFrom[0].configMapRef.name: Required value'],
  [{ envFrom: [{ secretRef: { name: 'A' } }] }, `envFrom[0].secretRef.name: Invalid value: "A": ${BAD.subdomain}`],
  [{ envFrom: [{ prefix: 'a=', secretRef: { name: 'a' } }] }, `envFrom[0].prefix: Invalid value: "a=": ${BAD.env}`],
])
