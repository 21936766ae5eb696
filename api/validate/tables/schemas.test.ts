import { DEFINITION, describeFaults, VERSION } from '../../testing.ts'

const root = { object: DEFINITION, at: 'spec.versions[0].schema.openAPIV3Schema' }
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

const withStatus = { ...DEFINITION.spec, versions: [{ ...VERSION, subresources: { status: {} } }] }
const ROOT =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations'
const ENABLED = 'at the root of the schema if the status subresource is enabled'
const lost = (more: string) =>
  `: Invalid value: {"type":"object",${more}}: only [${ROOT}] fields are allowed ${ENABLED}`

describeFaults(
  'the root of a schema beside a status subresource',
  { ...root, object: { ...DEFINITION, spec: withStatus } },
  [
    [{ description: 'x', required: ['spec'], 'x-kubernetes-preserve-unknown-fields': true, properties: {} }],
    [{ nullable: false }],
    [{ minProperties: 1 }, lost('"minProperties":1')],
    [{ additionalProperties: { type: 'string' } }, lost('"additionalProperties":{"type":"string"}')],
    [
      { type: 'string' },
      `type: Invalid value: "string": only "object" is allowed as the type ${ENABLED}`,
      'type: Invalid value: "string": must be object at the root',
    ],
    [{ type: undefined }, 'type: Required value: must not be empty at the root'],
  ],
)

describeFaults('how a list is merged', root, [
  [list(element)],
  [list({ ...element, required: [], properties: { name: { type: 'string', default: 'a' } } })],
  [spec({ type: 'array', items: { type: 'string' }, [LIST]: 'set' })],
  [spec({ type: 'array', items: { type: 'array', items: { type: 'string' } }, [LIST]: 'set' })],
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
