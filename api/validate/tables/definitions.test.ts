import { BAD, DEFINITION, describeFaults, describeUpdates, VERSION } from '../../testing.ts'

const HTTPS = "'https' is the only allowed URL scheme; desired format: https://host[/path]"

const definition = { object: DEFINITION, at: 'spec' }
const NAMED = '/metadata.name: Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group'
const MIXED = `may have mixed case, but should otherwise match: ${BAD.label1035}`
const ONE = 'must have exactly one version marked as storage version'

const converted = (more: object) => ({
  conversion: {
    strategy: 'Webhook',
    webhook: { clientConfig: { url: 'https://h/c' }, conversionReviewVersions: ['v1'], ...more },
  },
})

describeFaults('a CustomResourceDefinition', definition, [
  [{}],
  [{ 'names.plural': 'gadgets' }, NAMED],
  [{ 'names.plural': 'Widgets' }, NAMED, `names.plural: Invalid value: "Widgets": ${BAD.label1035}`],
  [{ group: 'example' }, NAMED, 'group: Invalid value: "example": should be a domain with at least one dot'],
  [{ group: 'A.b' }, NAMED, `group: Invalid value: "A.b": ${BAD.subdomain}`],
  [{ group: '' }, NAMED, 'group: Required value'],
  [{ group: 'A' }, NAMED, `group: Invalid value: "A": ${BAD.subdomain}`],
  [{ scope: 'Cluster' }],
  [{ scope: '' }, 'scope: Required value'],
  [{ scope: 'x' }, 'scope: Unsupported value: "x": supported values: "Cluster", "Namespaced"'],
  [
    { 'names.kind': 'W_', 'names.listKind': 'List', 'names.singular': 'w' },
    `names.kind: Invalid value: "W_": ${MIXED}`,
  ],
  [{ 'names.listKind': '1List' }, `names.listKind: Invalid value: "1List": ${MIXED}`],
  [{ 'names.shortNames': ['w', 'W'] }, `names.shortNames[1]: Invalid value: "W": ${BAD.label1035}`],
  [{ 'names.categories': ['all', ''] }, `names.categories[1]: Invalid value: "": ${BAD.label1035}`],
  [{ 'names.listKind': 'Widget' }, 'names.listKind: Invalid value: "Widget": kind and listKind may not be the same'],
  [{ 'names.singular': 'a_b' }, `names.singular: Invalid value: "a_b": ${BAD.label1035}`],
  [{ versions: [] }, `versions: Required value: ${ONE}`],
  [{ 'versions[0].storage': false }, `versions: Invalid value: 0: ${ONE}`],
  [{ versions: [VERSION, { ...VERSION, name: 'v2' }] }, `versions: Invalid value: 2: ${ONE}`],
  [{ versions: [VERSION, { ...VERSION, name: 'v2', storage: false }] }],
  [{ versions: [VERSION, { ...VERSION, storage: false }] }, 'versions[1].name: Duplicate value: "v1"'],
  [{ 'versions[0].name': 'V1' }, `versions[0].name: Invalid value: "V1": ${BAD.label1035}`],
  [{ 'versions[0].schema': undefined }, 'versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
  [{ preserveUnknownFields: true }, 'preserveUnknownFields: Invalid value: true: must be false'],
  [
    { conversion: { strategy: 'x' } },
    'conversion.strategy: Unsupported value: "x": supported values: "None", "Webhook"',
  ],
  [
    { conversion: { strategy: 'Webhook' } },
    'conversion.webhook.clientConfig: Required value: required when strategy is set to Webhook',
    'conversion.webhook.conversionReviewVersions: Required value',
  ],
  [converted({})],
  [converted({ clientConfig: { service: { namespace: 'ns', name: 's', path: '/c' } } })],
  [
    converted({ clientConfig: {} }),
    'conversion.webhook.clientConfig: Required value: exactly one of url or service is required',
  ],
  [
    converted({ clientConfig: { url: 'http://h' } }),
    `conversion.webhook.clientConfig.url: Invalid value: "http": ${HTTPS}`,
  ],
  [
    converted({ conversionReviewVersions: ['v2'] }),
    'conversion.webhook.conversionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
  ],
  [
    { conversion: { strategy: 'None', webhook: { conversionReviewVersions: ['v1'] } } },
    'conversion.webhook: Forbidden: should not be set when strategy is not set to Webhook',
  ],
])

const V0 = 'versions[0]'
const warned = (deprecationWarning: string, deprecated = true) => ({
  [`${V0}.deprecated`]: deprecated,
  [`${V0}.deprecationWarning`]: deprecationWarning,
})
const W = `${V0}.deprecationWarning: Invalid value`

describeFaults('the warning of a version', definition, [
  [warned('use v2')],
  [warned('x'.repeat(256))],
  [
    warned('\nb'),
    `${W}: "\\nb": must only contain printable UTF-8 characters; non-printable character found at index 0`,
  ],
  [warned('', false), `${W}: "": can only be set for deprecated versions`],
  [warned(''), `${W}: "": must not be an empty string`],
  [warned('x'.repeat(257)), `${W}: "${'x'.repeat(257)}": must be <= 256 characters long`],
  [
    warned('ä\nb'),
    `${W}: "ä\\nb": must only contain printable UTF-8 characters; non-printable character found at index 2`,
  ],
])

const column = (more: object) => ({
  [`${V0}.additionalPrinterColumns`]: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size', ...more }],
})
const C = `${V0}.additionalPrinterColumns[0]`
const TYPES = 'must be one of boolean,date,integer,number,string'

describeFaults('a column', definition, [
  [column({})],
  [column({ type: 'date', format: 'date-time', priority: 1 })],
  [column({ name: '' }), `${C}.name: Required value`],
  [column({ type: '' }), `${C}.type: Required value: ${TYPES}`],
  [column({ type: 'object' }), `${C}.type: Invalid value: "object": ${TYPES}`],
  [
    column({ format: 'hex' }),
    `${C}.format: Invalid value: "hex": must be one of byte,date,date-time,double,float,int32,int64,password`,
  ],
  [column({ jsonPath: '' }), `${C}.jsonPath: Required value`],
  [column({ jsonPath: 'spec' }), `${C}.jsonPath: Invalid value: "spec": must be a simple json path starting with .`],
  [column({ jsonPath: '.a[' }), `${C}.jsonPath: Invalid value: ".a[": invalid JSONPath ".a[" at character 3`],
])

const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
const scaled = (more: object) => ({ [`${V0}.subresources`]: { status: {}, scale: { ...scale, ...more } } })
const S = `${V0}.subresources.scale`

describeFaults('where a scale is', definition, [
  [scaled({})],
  [scaled({ labelSelectorPath: '.status.selector' })],
  [scaled({ specReplicasPath: '' }), `${S}.specReplicasPath: Required value`],
  [scaled({ statusReplicasPath: '' }), `${S}.statusReplicasPath: Required value`],
  [
    scaled({ specReplicasPath: '.replicas' }),
    `${S}.specReplicasPath: Invalid value: ".replicas": should be a json path under .spec`,
  ],
  [
    scaled({ statusReplicasPath: '.spec.replicas' }),
    `${S}.statusReplicasPath: Invalid value: ".spec.replicas": should be a json path under .status`,
  ],
  [
    scaled({ labelSelectorPath: '.selector' }),
    `${S}.labelSelectorPath: Invalid value: ".selector": should be a json path under either .spec or .status`,
  ],
])

const fields = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        color: { type: 'string' },
        parts: { type: 'array', items: { type: 'string' } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        'a b': { type: 'integer' },
      },
    },
  },
}
const chosen = (...paths: string[]) => ({
  [`${V0}.schema.openAPIV3Schema`]: fields,
  [`${V0}.selectableFields`]: paths.map(jsonPath => ({ jsonPath })),
})
const F = `${V0}.selectableFields`
const NOWHERE = 'is an invalid path: does not refer to a valid field'
const PLAIN =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'

describeFaults('fields that objects are chosen by', definition, [
  [chosen('.spec.color', ".spec['a b']", '.spec.labels.app')],
  [chosen(''), `${F}[0].jsonPath: Required value`],
  [chosen('.spec.size'), `${F}[0].jsonPath: Invalid value: ".spec.size": ${NOWHERE}`],
  [chosen('spec.color'), `${F}[0].jsonPath: Invalid value: "spec.color": ${NOWHERE}`],
  [chosen('.spec.parts[0]'), `${F}[0].jsonPath: Invalid value: ".spec.parts[0]": ${NOWHERE}`],
  [chosen('.spec.constructor'), `${F}[0].jsonPath: Invalid value: ".spec.constructor": ${NOWHERE}`],
  [chosen('.spec.parts'), `${F}[0].jsonPath: Invalid value: ".spec.parts": ${PLAIN}`],
  [chosen('.spec'), `${F}[0].jsonPath: Invalid value: ".spec": ${PLAIN}`],
  [chosen('.metadata.name'), `${F}[0].jsonPath: Invalid value: ".metadata.name": must not point to fields in metadata`],
  [chosen('.spec.color', '.spec.color'), `${F}[1].jsonPath: Duplicate value: ".spec.color"`],
  [chosen(...'abcdefgh'.split('').map(key => `.spec.labels.${key}`))],
  [chosen(...'abcdefghi'.split('').map(key => `.spec.labels.${key}`)), `${F}: Too many: 9: must have at most 8 items`],
])

const second = { ...VERSION, name: 'v2', storage: false }
const both = { versions: [VERSION, second] }
const established = { 'status.conditions': [{ type: 'Established', status: 'True' }] }
const whole = { object: definition.object, at: '' }
const FIXED = 'field is immutable'
const gone = (name: string) =>
  `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`

describeUpdates('a CustomResourceDefinition that stands', definition, [
  [{}, { 'names.shortNames': ['wd'], 'names.listKind': 'WidgetItems' }],
  [{}, both],
  [both, { 'versions[1].served': false }],
  [both, { versions: [VERSION] }],
  [{}, { 'versions[0].served': false }],
  [{}, { 'names.plural': 'gadgets' }, `names.plural: Invalid value: "gadgets": ${FIXED}`],
  [{}, { group: 'example.org' }, `group: Invalid value: "example.org": ${FIXED}`],
  [{}, { 'versions[0].schema': undefined }, 'versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
  // Nothing can be stored yet: the kind may still be put right.
  [{}, { 'names.kind': 'Gadget', scope: 'Cluster' }],
])
describeUpdates('a CustomResourceDefinition that is served', whole, [
  [established, { 'spec.names.kind': 'Gadget' }, `spec.names.kind: Invalid value: "Gadget": ${FIXED}`],
  [established, { 'spec.scope': 'Cluster' }, `spec.scope: Invalid value: "Cluster": ${FIXED}`],
  [established, { 'spec.names.singular': 'gadget' }],
])
describeUpdates('versions that were stored', whole, [
  [
    { 'spec.versions': [VERSION, second] },
    {
      'spec.versions': [
        { ...VERSION, storage: false },
        { ...second, storage: true },
      ],
      'status.storedVersions': ['v1', 'v2'],
    },
  ],
  [
    { 'spec.versions': [VERSION, second], 'status.storedVersions': ['v2', 'v1'] },
    { 'spec.versions': [{ ...second, storage: true }] },
    `status.storedVersions[1]: Invalid value: "v1": ${gone('v1')}`,
  ],
  [
    {},
    { 'status.storedVersions': [] },
    'status.storedVersions: Invalid value: []: must have at least one stored version',
  ],
  [
    { 'spec.versions': [VERSION, second], 'status.storedVersions': ['v1'] },
    {
      'spec.versions': [
        { ...VERSION, storage: false },
        { ...second, storage: true },
      ],
    },
    'status.storedVersions: Invalid value: ["v1"]: must have the storage version v2',
  ],
])

const protectedGroup = { object: { ...definition.object, metadata: { name: 'widgets.a.k8s.io' } }, at: '' }
const approved = (annotation?: string) => ({
  'spec.group': 'a.k8s.io',
  'metadata.annotations': annotation === undefined ? undefined : { 'api-approved.kubernetes.io': annotation },
})
const A = 'metadata.annotations[api-approved.kubernetes.io]'
const NEEDS = 'protected groups must have approval annotation "api-approved.kubernetes.io"'

describeFaults('a CustomResourceDefinition in a group of the community', protectedGroup, [
  [approved('https://example.com/pull/1')],
  [approved('unapproved, for trying only')],
  [approved(), `${A}: Required value: ${NEEDS}`],
  [approved('yes'), `${A}: Invalid value: "yes": ${NEEDS} with either a URL or a reason starting with "unapproved"`],
])
describeUpdates('the approval of a CustomResourceDefinition', protectedGroup, [
  // Who does not touch it is not asked for it.
  [approved(), { 'spec.names.shortNames': ['wd'] }],
  [approved('https://example.com/pull/1'), approved('unapproved')],
  [approved('https://example.com/pull/1'), approved(), `${A}: Required value: ${NEEDS}`],
])

describeUpdates('the status of a CustomResourceDefinition', { ...definition, at: 'status', through: 'status' }, [
  [{}, { acceptedNames: { plural: 'widgets', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] } }],
  // As a migration does when it is through.
  [{ storedVersions: ['v0', 'v1'] }, { storedVersions: ['v1'] }],
  [
    {},
    { acceptedNames: { plural: 'W', kind: 'Widget' } },
    `acceptedNames.plural: Invalid value: "W": ${BAD.label1035}`,
  ],
  [
    {},
    { acceptedNames: { plural: 'w', kind: 'W', listKind: 'W' } },
    'acceptedNames.listKind: Invalid value: "W": kind and listKind may not be the same',
  ],
])
