import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const HTTPS = "'https' is the only allowed URL scheme; desired format: https://host[/path]"

const schema = { openAPIV3Schema: { type: 'object' } }
const version = { name: 'v1', served: true, storage: true, schema }
const names = { plural: 'widgets', kind: 'Widget' }
const definition = {
  object: {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions: [version] },
    status: { storedVersions: ['v1'] },
  },
  at: 'spec',
}
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
  [{ versions: [version, { ...version, name: 'v2' }] }, `versions: Invalid value: 2: ${ONE}`],
  [{ versions: [version, { ...version, name: 'v2', storage: false }] }],
  [{ versions: [version, { ...version, storage: false }] }, 'versions[1].name: Duplicate value: "v1"'],
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

const root = { ...definition, at: `spec.${V0}.schema.openAPIV3Schema` }
const spec = (schema: object) => ({ 'properties.spec': schema })
const P = 'properties[spec]'

describeFaults('the schema of a version', root, [
  [{ type: undefined }, 'type: Required value: must not be empty at the root'],
  [{ type: 'string' }, 'type: Invalid value: "string": must be object at the root'],
  [{ nullable: true }, 'nullable: Forbidden: nullable cannot be true at the root'],
  [spec({ type: 'object', nullable: true })],
  [spec({}), `${P}.type: Required value: must not be empty for specified object fields`],
  [spec({ 'x-kubernetes-int-or-string': true })],
  [spec({ 'x-kubernetes-preserve-unknown-fields': true })],
  [
    spec({ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }),
    `${P}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
  ],
  [
    spec({ type: 'thing' }),
    `${P}.type: Unsupported value: "thing": supported values: "array", "boolean", "integer", "number", "object", "string"`,
  ],
  [
    spec({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }),
    `${P}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
  ],
  [spec({ type: 'array' }), `${P}.items: Required value: must be specified`],
  [spec({ type: 'array', items: [{}] }), `${P}.items: Forbidden: items must be a schema object and not an array`],
  [
    spec({ type: 'array', items: { type: 'string' }, uniqueItems: true }),
    `${P}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
  ],
  [spec({ type: 'object', $ref: '#/a' }), `${P}.$ref: Forbidden: $ref is not supported`],
  [
    spec({ type: 'string', pattern: '(' }),
    `${P}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: missing closing )`,
  ],
  [
    spec({ type: 'integer', default: 'x' }),
    `${P}.default: Invalid value: "string": spec.versions[0].schema.openAPIV3Schema.${P}.default in body must be of type integer: "string"`,
  ],
  [{ 'properties.metadata': { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } } }],
  [
    { 'properties.metadata': { type: 'object', properties: { labels: { type: 'object' } } } },
    'properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ],
  [spec({ type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ required: ['a'] }] })],
  [
    spec({ type: 'object', oneOf: [{ type: 'object' }] }),
    `${P}.oneOf[0].type: Forbidden: must be empty to be structural`,
  ],
  [
    spec({ type: 'object', not: { properties: { a: { maximum: 5 } } } }),
    `${P}.properties[a]: Required value: because it is defined in ${root.at}.${P}.not.properties[a]`,
  ],
])

const list = (items: object, more: object = {}) =>
  spec({ type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], ...more })
const element = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }
const LIST = 'x-kubernetes-list-type'
const KEYS = 'x-kubernetes-list-map-keys'

describeFaults('how a list is merged', root, [
  [list(element)],
  [list({ ...element, required: [], properties: { name: { type: 'string', default: 'a' } } })],
  [spec({ type: 'array', items: { type: 'string' }, [LIST]: 'set' })],
  [
    spec({ type: 'object', [LIST]: 'set' }),
    `${P}.type: Invalid value: "object": must be array if ${LIST} is specified`,
  ],
  [
    spec({ type: 'array', items: { type: 'string' }, [LIST]: 'bag' }),
    `${P}.${LIST}: Unsupported value: "bag": supported values: "atomic", "map", "set"`,
  ],
  [list(element, { [LIST]: undefined }), `${P}.${LIST}: Required value: must be map if ${KEYS} is non-empty`],
  [list(element, { [LIST]: 'atomic' }), `${P}.${LIST}: Invalid value: "atomic": must be map if ${KEYS} is non-empty`],
  [list(element, { [KEYS]: undefined }), `${P}.${KEYS}: Required value: must not be empty if ${LIST} is map`],
  [
    list(element, { [KEYS]: ['name', 'other'] }),
    `${P}.${KEYS}: Invalid value: ["name","other"]: entries must all be names of item properties`,
  ],
  [
    list(element, { [KEYS]: ['name', 'name'] }),
    `${P}.${KEYS}: Invalid value: ["name","name"]: must not contain duplicate entries`,
  ],
  [
    list({ type: 'string' }),
    `${P}.items.type: Invalid value: "string": must be object if parent array's ${LIST} is map`,
  ],
  [
    list({ ...element, required: [] }),
    `${P}.items.properties[name].default: Required value: this property is in ${KEYS}, so it must have a default or be a required property`,
  ],
  [
    list({ ...element, properties: { name: { type: 'string', nullable: true } } }),
    `${P}.items.properties[name].nullable: Forbidden: this property is in ${KEYS}, so it cannot be nullable`,
  ],
  [
    list({ ...element, properties: { name: { type: 'object' } } }),
    `${P}.items.properties[name].type: Invalid value: "object": must be a scalar type if parent array's ${LIST} is map`,
  ],
  [list({ ...element, nullable: true }), `${P}.items.nullable: Forbidden: cannot be nullable when ${LIST} is map`],
  [
    spec({ type: 'array', items: { type: 'object' }, [LIST]: 'set' }),
    `${P}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with ${LIST}=set`,
  ],
  [spec({ type: 'array', items: { type: 'object', 'x-kubernetes-map-type': 'atomic' }, [LIST]: 'set' })],
  [
    spec({ type: 'array', items: { type: 'array', items: { type: 'string' }, [LIST]: 'set' }, [LIST]: 'set' }),
    `${P}.items.${LIST}: Invalid value: "set": must be atomic as item of a list with ${LIST}=set`,
  ],
  [
    spec({ type: 'string', 'x-kubernetes-map-type': 'atomic' }),
    `${P}.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified`,
  ],
  [
    spec({ type: 'object', 'x-kubernetes-map-type': 'x' }),
    `${P}.x-kubernetes-map-type: Unsupported value: "x": supported values: "atomic", "granular"`,
  ],
])

const ruled = (rule: object, schema: object = {}) =>
  spec({
    type: 'object',
    properties: { min: { type: 'integer' } },
    ...schema,
    'x-kubernetes-validations': [{ rule: 'self.min > 1', ...rule }],
  })
const R = `${P}.x-kubernetes-validations[0]`
const LOOSE = 'oldSelf cannot be used on the uncorrelatable portion of the schema within'
const changing = { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] }

describeFaults('rules of a schema', root, [
  [ruled({})],
  [ruled({ message: 'too small', reason: 'FieldValueForbidden', fieldPath: '.min' })],
  [ruled({ messageExpression: '"it is " + string(self.min)' })],
  [ruled({ rule: ' ' }), `${R}.rule: Required value: rule is not specified`],
  [ruled({ message: ' ' }), `${R}.message: Invalid value: " ": message must be non-empty if specified`],
  [ruled({ message: 'a\nb' }), `${R}.message: Invalid value: "a\\nb": message must not contain line breaks`],
  [
    ruled({ rule: 'self.min > 1 &&\nself.min < 9' }),
    `${R}.message: Required value: message must be specified if rule contains line breaks`,
  ],
  [ruled({ rule: 'self.min > 1 &&\nself.min < 9', message: 'between' })],
  [
    ruled({ messageExpression: ' ' }),
    `${R}.messageExpression: Required value: messageExpression must be non-empty if specified`,
  ],
  [
    ruled({ reason: 'Because' }),
    `${R}.reason: Unsupported value: "Because": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
  ],
  [ruled({ fieldPath: '.max' }), `${R}.fieldPath: Invalid value: ".max": fieldPath must be a valid path`],
  [ruled({ rule: 'self.min >= oldSelf.min', optionalOldSelf: false })],
  [
    ruled({ optionalOldSelf: true }),
    `${R}.optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule`,
  ],
  [list({ ...element, properties: { ...element.properties, size: changing } })],
  [
    spec({ type: 'array', items: changing }),
    `${P}.items.x-kubernetes-validations[0].rule: Invalid value: "self >= oldSelf": ${LOOSE} ${root.at}.${P}`,
  ],
  [
    spec({ type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { size: changing } }),
    `${P}.properties[size].x-kubernetes-validations[0].rule: Invalid value: "self >= oldSelf": ${LOOSE} ${root.at}.${P}`,
  ],
])

const second = { ...version, name: 'v2', storage: false }
const both = { versions: [version, second] }
const established = { 'status.conditions': [{ type: 'Established', status: 'True' }] }
const whole = { object: definition.object, at: '' }
const FIXED = 'field is immutable'
const gone = (name: string) =>
  `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`

describeUpdates('a CustomResourceDefinition that stands', definition, [
  [{}, { 'names.shortNames': ['wd'], 'names.listKind': 'WidgetItems' }],
  [{}, both],
  [both, { 'versions[1].served': false }],
  [both, { versions: [version] }],
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
    { 'spec.versions': [version, second] },
    {
      'spec.versions': [
        { ...version, storage: false },
        { ...second, storage: true },
      ],
      'status.storedVersions': ['v1', 'v2'],
    },
  ],
  [
    { 'spec.versions': [version, second], 'status.storedVersions': ['v2', 'v1'] },
    { 'spec.versions': [{ ...second, storage: true }] },
    `status.storedVersions[1]: Invalid value: "v1": ${gone('v1')}`,
  ],
  [
    {},
    { 'status.storedVersions': [] },
    'status.storedVersions: Invalid value: []: must have at least one stored version',
  ],
  [
    { 'spec.versions': [version, second], 'status.storedVersions': ['v1'] },
    {
      'spec.versions': [
        { ...version, storage: false },
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
