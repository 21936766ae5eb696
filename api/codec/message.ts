import { type FieldFacts, messageFacts, unwrapType } from '../schema.ts'
import { isRecord, setProperty } from '../values.ts'
import { SPECIAL_TYPES, type SpecialType, schemaUnions } from './special.ts'
import { WireError, type WireReader, type WireWriter } from './wire.ts'

/**
 * Any message that the facts describe, to and from the form it has in JSON. A plan is made of a message when it is first
 * met: an array by field number, so that reading is one look-up a field.
 */
type Value = {
  /** Varints 0, doubles 1, everything else 2. */
  wireType: number
  read(reader: WireReader): unknown
  write(writer: WireWriter, value: unknown): void
  /** Go writes it though it was never set: it is dropped, unless zero is a value of its own. */
  isZero?(value: unknown): boolean
}

interface FieldPlan {
  number: number
  name: string
  repeated: boolean
  map: boolean
  keepZero: boolean
  /** The fields of the message stand in the object itself. */
  inlined: string
  value: Value
}

interface MessagePlan {
  byNumber: readonly (FieldPlan | undefined)[]
  /** Highest number first: messages are written backward. */
  backward: readonly FieldPlan[]
}

const plans = new Map<string, MessagePlan>()

function planOf(message: string): MessagePlan {
  const known = plans.get(message)
  if (known) return known
  const facts = messageFacts(message)
  if (!facts) throw new WireError(`no message is called ${message}`)
  const fields = facts.fields.filter(field => field.number > 0).map(fieldPlan)
  const byNumber: (FieldPlan | undefined)[] = []
  for (const field of fields) byNumber[field.number] = field
  const plan = { byNumber, backward: fields.sort((a, b) => b.number - a.number) }
  plans.set(message, plan)
  return plan
}

function fieldPlan({ number, name, type, required, pointer }: FieldFacts): FieldPlan {
  const { shape, inner } = unwrapType(type)
  const [repeated, map] = [shape === 'list', shape === 'map']
  const keepZero = required || pointer || repeated || map
  return { number, name, repeated, map, keepZero, inlined: name === '' ? type : '', value: valueFor(inner) }
}

const isEmpty = (value: unknown) => value === ''
const isNought = (value: unknown) => value === 0

const SCALARS: Readonly<Record<string, Value>> = {
  string: {
    wireType: 2,
    read: reader => reader.string(),
    write: (writer, value) => writer.string(String(value)),
    isZero: isEmpty,
  },
  bytes: {
    wireType: 2,
    read: reader => reader.bytes().toString('base64'),
    write: (writer, value) => writer.bytes(Buffer.from(String(value), 'base64')),
    isZero: isEmpty,
  },
  bool: {
    wireType: 0,
    read: reader => reader.int() !== 0,
    write: (writer, value) => writer.int(value ? 1 : 0),
    isZero: value => value === false,
  },
  int32: { wireType: 0, read: reader => reader.int(), write: writeInt, isZero: isNought },
  int64: { wireType: 0, read: reader => reader.int(), write: writeInt, isZero: isNought },
  double: {
    wireType: 1,
    read: reader => reader.double(),
    write: (writer, value) => writer.double(Number(value)),
    isZero: isNought,
  },
}

function writeInt(writer: WireWriter, value: unknown): void {
  writer.int(Number(value))
}

const UNIONS = schemaUnions({
  read: reader => readMessage('apiextensions.v1.JSONSchemaProps', reader),
  write: (writer, value) => writeMessage('apiextensions.v1.JSONSchemaProps', writer, value),
})

/** How one value of a type is read and written; a list inside a map has a message of its own around it. */
function valueFor(type: string): Value {
  const scalar = SCALARS[type]
  if (scalar) return scalar
  const special = SPECIAL_TYPES[type] ?? UNIONS[type] ?? (type.startsWith('[') ? listMessage(type) : undefined)
  return special ? nestedValue(special) : nestedValue(messageType(type))
}

function messageType(type: string): SpecialType {
  return {
    read: reader => readMessage(type, reader),
    write: (writer, value) => writeMessage(type, writer, value),
  }
}

function nestedValue(type: SpecialType): Value {
  return {
    wireType: 2,
    read: reader => type.read(reader.nested()),
    write: (writer, value) => writer.nested(() => type.write(writer, value)),
  }
}

function listMessage(type: string): SpecialType {
  const items: FieldPlan = fieldPlan({ number: 1, name: 'items', type, required: true, pointer: false, flags: [] })
  return {
    read(reader) {
      const holder: Record<string, unknown> = { items: [] }
      readFields(reader, holder, [undefined, items])
      return holder.items
    },
    write: (writer, value) => writeField(writer, items, value),
  }
}

export function readMessage(message: string, reader: WireReader): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  readFields(reader, object, planOf(message).byNumber)
  return object
}

function readFields(
  reader: WireReader,
  object: Record<string, unknown>,
  fields: readonly (FieldPlan | undefined)[],
): void {
  while (!reader.done) {
    const [number, type] = reader.tag()
    const field = fields[number]
    if (!field) reader.skip(type)
    else if (type !== (field.map ? 2 : field.value.wireType))
      throw new WireError(`wrong wireType = ${type} for field ${field.name}`)
    else readField(reader, object, field)
  }
}

function readField(reader: WireReader, object: Record<string, unknown>, field: FieldPlan): void {
  if (field.inlined) {
    readFields(reader.nested(), object, planOf(field.inlined).byNumber)
    return
  }
  if (field.map) {
    object[field.name] ??= {}
    readEntry(reader.nested(), object[field.name] as Record<string, unknown>, field.value)
    return
  }
  const value = field.value.read(reader)
  if (field.repeated) {
    object[field.name] ??= []
    ;(object[field.name] as unknown[]).push(value)
  } else if (value !== undefined && (field.keepZero || !field.value.isZero?.(value))) object[field.name] = value
}

function readEntry(reader: WireReader, map: Record<string, unknown>, value: Value): void {
  let key = ''
  let found: unknown = ''
  while (!reader.done) {
    const [number, type] = reader.tag()
    if (number === 1) key = reader.string()
    else if (number === 2) found = value.read(reader)
    else reader.skip(type)
  }
  setProperty(map, key, found)
}

export function writeMessage(message: string, writer: WireWriter, value: unknown): void {
  if (!isRecord(value)) throw new WireError(`${message} is no object`)
  for (const field of planOf(message).backward) {
    if (field.inlined) writeInlined(writer, field, value)
    else {
      const inner = value[field.name]
      if (inner !== undefined && inner !== null) writeField(writer, field, inner)
    }
  }
}

function writeInlined(writer: WireWriter, field: FieldPlan, object: Record<string, unknown>): void {
  writer.nested(() => writeMessage(field.inlined, writer, object))
  writer.tag(field.number, 2)
}

function writeField(writer: WireWriter, field: FieldPlan, value: unknown): void {
  if (field.map) writeMap(writer, field, value as Record<string, unknown>)
  else if (field.repeated) {
    const list = value as unknown[]
    for (let i = list.length - 1; i >= 0; i--) writeValue(writer, field, list[i])
  } else writeValue(writer, field, value)
}

function writeValue(writer: WireWriter, field: FieldPlan, value: unknown): void {
  field.value.write(writer, value)
  writer.tag(field.number, field.value.wireType)
}

/** Keys in order, so that equal objects have equal bytes. */
function writeMap(writer: WireWriter, field: FieldPlan, map: Record<string, unknown>): void {
  for (const key of Object.keys(map).sort().reverse()) {
    writer.nested(() => {
      field.value.write(writer, map[key])
      writer.tag(2, field.value.wireType)
      writer.string(key)
      writer.tag(1, 2)
    })
    writer.tag(field.number, 2)
  }
}
