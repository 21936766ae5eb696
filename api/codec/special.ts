import { canonicalQuantity, QuantityError } from '../quantity.ts'
import { isRecord } from '../values.ts'
import { WireError, type WireReader, type WireWriter } from './wire.ts'

/** Types whose JSON is not an object of their protobuf fields: times, quantities, raw JSON. */
export interface SpecialType {
  read(reader: WireReader): unknown
  write(writer: WireWriter, value: unknown): void
}

/** Handles the message that JSONSchemaProps is, for the three unions around it. */
export type SchemaMessage = SpecialType

function fields(reader: WireReader, read: (number: number) => boolean): void {
  while (!reader.done) {
    const [number, type] = reader.tag()
    if (!read(number)) reader.skip(type)
  }
}

const quantity: SpecialType = {
  read(reader) {
    let text = ''
    fields(reader, number => number === 1 && assign(() => (text = reader.string())))
    return canonical(text)
  },
  write(writer, value) {
    writer.string(String(value))
    writer.tag(1, 2)
  },
}

function assign(work: () => unknown): true {
  work()
  return true
}

function canonical(text: string): string {
  try {
    return text === '' ? '0' : canonicalQuantity(text)
  } catch (error) {
    if (error instanceof QuantityError) throw new WireError(error.message)
    throw error
  }
}

const intOrString: SpecialType = {
  read(reader) {
    let [isText, number, text] = [false, 0, '']
    fields(reader, field => {
      if (field === 1) isText = reader.int() === 1
      else if (field === 2) number = reader.int()
      else if (field === 3) text = reader.string()
      else return false
      return true
    })
    return isText ? text : number
  },
  write(writer, value) {
    writer.string(typeof value === 'string' ? value : '')
    writer.tag(3, 2)
    writer.int(typeof value === 'number' ? value : 0)
    writer.tag(2, 0)
    writer.int(typeof value === 'string' ? 1 : 0)
    writer.tag(1, 0)
  },
}

/** An empty message is the time that was never set. */
function time(fractionDigits: number): SpecialType {
  return {
    read(reader) {
      let [seconds, nanos] = [undefined as number | undefined, 0]
      fields(reader, field => {
        if (field === 1) seconds = reader.int()
        else if (field === 2) nanos = reader.int()
        else return false
        return true
      })
      return seconds === undefined ? undefined : timeText(seconds, nanos, fractionDigits)
    },
    write(writer, value) {
      const text = String(value)
      const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? ''
      const nanos = fractionDigits > 0 ? Number(fraction.padEnd(9, '0')) : 0
      if (nanos > 0) {
        writer.int(nanos)
        writer.tag(2, 0)
      }
      writer.int(Math.floor(Date.parse(text) / 1000))
      writer.tag(1, 0)
    },
  }
}

function timeText(seconds: number, nanos: number, fractionDigits: number): string | undefined {
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) throw new WireError('a time is out of range')
  const whole = date.toISOString().slice(0, -5)
  if (fractionDigits === 0) return `${whole}Z`
  return `${whole}.${String(Math.floor(nanos / 1000)).padStart(fractionDigits, '0')}Z`
}

/** JSON as bytes. */
const raw: SpecialType = {
  read(reader) {
    let bytes = Buffer.alloc(0)
    fields(reader, field => field === 1 && assign(() => (bytes = Buffer.from(reader.bytes()))))
    return bytes.length === 0 ? undefined : parseRaw(bytes.toString('utf8'))
  },
  write(writer, value) {
    writer.bytes(Buffer.from(JSON.stringify(value)))
    writer.tag(1, 2)
  },
}

function parseRaw(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WireError(`raw JSON inside of protobuf: ${(error as Error).message}`)
  }
}

export const SPECIAL_TYPES: Readonly<Record<string, SpecialType>> = {
  Quantity: quantity,
  IntOrString: intOrString,
  Time: time(0),
  MicroTime: time(6),
  RawExtension: raw,
  'meta.v1.FieldsV1': raw,
  'apiextensions.v1.JSON': raw,
}

/** The unions of a schema: with a bool, with a list of schemas, with a list of names. */
export function schemaUnions(schema: SchemaMessage): Readonly<Record<string, SpecialType>> {
  return {
    'apiextensions.v1.JSONSchemaPropsOrBool': schemaOrBool(schema),
    'apiextensions.v1.JSONSchemaPropsOrArray': schemaOrList(schema, (reader, list) =>
      list.push(schema.read(reader.nested())),
    ),
    'apiextensions.v1.JSONSchemaPropsOrStringArray': schemaOrList(schema, (reader, list) => list.push(reader.string())),
  }
}

function schemaOrBool(schema: SchemaMessage): SpecialType {
  return {
    read(reader) {
      let allows = false
      let found: unknown
      fields(reader, field => {
        if (field === 1) allows = reader.int() !== 0
        else if (field === 2) found = schema.read(reader.nested())
        else return false
        return true
      })
      return found ?? allows
    },
    write(writer, value) {
      if (isRecord(value)) writeSchema(writer, schema, value, 2)
      writer.int(value === false ? 0 : 1)
      writer.tag(1, 0)
    },
  }
}

function writeSchema(writer: WireWriter, schema: SchemaMessage, value: unknown, number: number): void {
  writer.nested(() => schema.write(writer, value))
  writer.tag(number, 2)
}

function schemaOrList(schema: SchemaMessage, readItem: (reader: WireReader, list: unknown[]) => void): SpecialType {
  return {
    read(reader) {
      const list: unknown[] = []
      let single: unknown
      fields(reader, field => {
        if (field === 1) single = schema.read(reader.nested())
        else if (field === 2) readItem(reader, list)
        else return false
        return true
      })
      return single ?? list
    },
    write(writer, value) {
      if (!Array.isArray(value)) return writeSchema(writer, schema, value, 1)
      for (const item of [...value].reverse()) {
        if (typeof item !== 'string') writeSchema(writer, schema, item, 2)
        else {
          writer.string(item)
          writer.tag(2, 2)
        }
      }
    },
  }
}
