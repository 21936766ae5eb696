import { BAD, describeFaults } from '../../testing.ts'

const hook = {
  name: 'a.example.com',
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  clientConfig: { url: 'https://h/x' },
}
const configuration = (kind: string) => ({
  object: { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'c' }, webhooks: [hook] },
  at: 'webhooks[0]',
})
const validating = configuration('ValidatingWebhookConfiguration')
const mutating = configuration('MutatingWebhookConfiguration')
const NONE = 'must specify one of None, NoneOnDryRun'

for (const subject of [validating, mutating]) {
  describeFaults(`a webhook of a ${subject.object.kind}`, subject, [
    [{}],
    [{ name: '' }, 'name: Required value'],
    [
      { name: 'example.com' },
      'name: Invalid value: "example.com": should be a domain with at least three segments separated by dots',
    ],
    [{ name: 'A.b.c' }, `name: Invalid value: "A.b.c": ${BAD.subdomain}`],
    [{ sideEffects: undefined }, `sideEffects: Required value: ${NONE}`],
    [{ sideEffects: 'NoneOnDryRun' }],
    [{ sideEffects: 'Some' }, 'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'],
    [{ failurePolicy: 'Retry' }, 'failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"'],
    [{ matchPolicy: 'x' }, 'matchPolicy: Unsupported value: "x": supported values: "Equivalent", "Exact"'],
    [{ timeoutSeconds: 30 }],
    [{ timeoutSeconds: 31 }, 'timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
    [{ timeoutSeconds: 0 }, 'timeoutSeconds: Invalid value: 0: the timeout value must be between 1 and 30 seconds'],
    [{ admissionReviewVersions: [] }, 'admissionReviewVersions: Required value: must specify one of v1, v1beta1'],
    [{ admissionReviewVersions: ['v2', 'v1beta1'] }],
    [
      { admissionReviewVersions: ['v2'] },
      'admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ],
    [{ admissionReviewVersions: ['v1', 'v1'] }, 'admissionReviewVersions[1]: Invalid value: "v1": duplicate version'],
    [{ admissionReviewVersions: ['v1', '1'] }, `admissionReviewVersions[1]: Invalid value: "1": ${BAD.label1035}`],
    [
      { namespaceSelector: { matchLabels: { 'a b': 'c' } } },
      `namespaceSelector.matchLabels: Invalid value: "a b": ${BAD.qualified}`,
    ],
    [
      { objectSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      'objectSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
  ])
}

describeFaults('webhooks of one configuration', { object: validating.object }, [
  [{ webhooks: [] }],
  [{ webhooks: [hook, { ...hook, name: 'b.example.com' }] }],
  [{ webhooks: [hook, hook] }, 'webhooks[1].name: Duplicate value: "a.example.com"'],
])

describeFaults('a webhook that changes things', mutating, [
  [{ reinvocationPolicy: 'IfNeeded' }],
  [
    { reinvocationPolicy: 'Always' },
    'reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"',
  ],
])

const FORM = 'desired format: https://host[/path]'
const url = (text: string) => ({ url: text })
const path = (text?: string) => ({ url: undefined, service: { namespace: 'ns', name: 's', path: text } })
const HTTPS = `'https' is the only allowed URL scheme; ${FORM}`

describeFaults('where a webhook is', { ...validating, at: 'webhooks[0].clientConfig' }, [
  [url('https://example.com:8443/a/b')],
  [url('https://[fd00::1]/')],
  [{ '': {} }, ': Required value: exactly one of url or service is required'],
  [{ service: { namespace: 'ns', name: 's' } }, ': Required value: exactly one of url or service is required'],
  [url('http://h/x'), `url: Invalid value: "http": ${HTTPS}`],
  [url('h/x'), `url: Invalid value: "": ${HTTPS}`, `url: Invalid value: "": host must be specified; ${FORM}`],
  [url('https:///x'), `url: Invalid value: "": host must be specified; ${FORM}`],
  [url('https://u:p@h/x'), 'url: Invalid value: "u:p": user information is not permitted in the URL'],
  [url('https://h/x#f'), 'url: Invalid value: "f": fragments are not permitted in the URL'],
  [url('https://h/x?a=b'), 'url: Invalid value: "a=b": query parameters are not permitted in the URL'],
  [path()],
  [path('/')],
  [path('/a/b.c/')],
  [
    path('a'),
    'service.path: Invalid value: "a": must start with a \'/\'',
    'service.path: Invalid value: "a": segment[0] may not be empty',
  ],
  [path('//'), 'service.path: Invalid value: "//": segment[0] may not be empty'],
  [path('/a//b'), 'service.path: Invalid value: "/a//b": segment[1] may not be empty'],
  [path('/a/B'), `service.path: Invalid value: "/a/B": segment[1]: ${BAD.subdomain}`],
  [
    { url: undefined, service: {} },
    'service.name: Required value: service name is required',
    'service.namespace: Required value: service namespace is required',
  ],
  [{ ...path(), 'service.port': 70_000 }, `service.port: Invalid value: 70000: port is not valid: ${BAD.port}`],
  [{ ...path(), 'service.port': 0 }, `service.port: Invalid value: 0: port is not valid: ${BAD.port}`],
])

const rule = { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
const rules = (more: object) => ({ rules: [{ ...rule, ...more }] })
const resources = (...list: string[]) => rules({ resources: list })

describeFaults('what a webhook is asked about', validating, [
  [rules({})],
  [rules({ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], scope: 'Namespaced' })],
  [rules({ apiGroups: [''] })],
  [rules({ scope: 'x' }), 'rules[0].scope: Unsupported value: "x": supported values: "*", "Cluster", "Namespaced"'],
  [
    { rules: [{}] },
    'rules[0].apiGroups: Required value',
    'rules[0].apiVersions: Required value',
    'rules[0].operations: Required value',
    'rules[0].resources: Required value',
  ],
  [
    rules({ operations: ['PATCH'] }),
    'rules[0].operations[0]: Unsupported value: "PATCH": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
  ],
  [
    rules({ operations: ['*', 'CREATE'] }),
    'rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
  ],
  [
    rules({ apiGroups: ['*', 'apps'] }),
    'rules[0].apiGroups: Invalid value: ["*","apps"]: if \'*\' is present, must not specify other API groups',
  ],
  [
    rules({ apiVersions: ['v1', '*'] }),
    'rules[0].apiVersions: Invalid value: ["v1","*"]: if \'*\' is present, must not specify other API versions',
  ],
  [rules({ apiVersions: ['v1', ''] }), 'rules[0].apiVersions[1]: Required value'],
  [resources('pods', 'pods/status', '*/scale')],
  [resources('*', 'pods/status')],
  [resources('pods', ''), 'rules[0].resources[1]: Required value'],
  [
    resources('pods/*', 'pods/status'),
    'rules[0].resources[1]: Invalid value: "pods/status": if \'pods/*\' is present, must not specify pods/status',
  ],
  [
    resources('*/scale', 'pods/scale'),
    'rules[0].resources[1]: Invalid value: "pods/scale": if \'*/scale\' is present, must not specify pods/scale',
  ],
  [resources('pods/status', 'pods/*')],
  [
    resources('*/*', 'pods'),
    'rules[0].resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources',
  ],
  [
    resources('*', 'pods'),
    'rules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without subresources',
  ],
])

const service = { namespace: 'ns', name: 's' }
const api = {
  object: {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.example.com' },
    spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10, service },
  },
  at: 'spec',
}
const NAME = '/metadata.name: Invalid value: "v1.example.com": must be `spec.version+"."+spec.group`:'

describeFaults('an APIService', api, [
  [{}],
  [{ service: undefined }],
  [{ version: 'v2' }, `${NAME} "v2.example.com"`],
  [{ group: 'A' }, `${NAME} "v1.A"`, `group: Invalid value: "A": ${BAD.subdomain}`],
  [{ version: 'V1' }, `${NAME} "V1.example.com"`, `version: Invalid value: "V1": ${BAD.label1035}`],
  [
    { group: '', version: 'v2' },
    `${NAME} "v2."`,
    'group: Required value: only v1 may have an empty group and it better be legacy kube',
  ],
  [{ groupPriorityMinimum: 20_000, versionPriority: 1000 }],
  [{ groupPriorityMinimum: 0 }, 'groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000'],
  [
    { groupPriorityMinimum: 20_001 },
    'groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
  ],
  [{ versionPriority: -1 }, 'versionPriority: Invalid value: -1: must be positive and less than 1000'],
  [{ versionPriority: 1001 }, 'versionPriority: Invalid value: 1001: must be positive and less than 1000'],
  [{ caBundle: 'eA==' }],
  [{ insecureSkipTLSVerify: true }],
  [
    { caBundle: 'eA==', insecureSkipTLSVerify: true },
    'insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  ],
  [
    { service: undefined, caBundle: 'eA==' },
    'caBundle: Invalid value: "1 bytes": local APIServices may not have a caBundle',
  ],
  [
    { service: undefined, insecureSkipTLSVerify: true },
    'insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
  ],
  [{ service: {} }, 'service.name: Required value', 'service.namespace: Required value'],
  [{ 'service.port': 70_000 }, `service.port: Invalid value: 70000: port is not valid: ${BAD.port}`],
])
