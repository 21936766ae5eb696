import { Reader, WireError, Writer } from './wire.ts'

/** How the values of one field stand on the wire. */
export interface FieldType<T> {
  wireType: 0 | 2
  /** What stands for a field that is not there, and is not written. */
  empty: T
  /** For values that can be empty without being the very same. */
  isEmpty?(value: T): boolean
  write(writer: Writer, value: T): void
  read(reader: Reader): T
}

export interface Field<T> {
  number: number
  type: FieldType<T>
  repeated: boolean
}

type Fields = Record<string, Field<unknown>>
// biome-ignore lint/suspicious/noExplicitAny: the field's own type is inferred from the table, any is only its bound
type AnyField = Field<any>
type ValueOf<F> = F extends { repeated: true; type: FieldType<infer T> }
  ? readonly T[]
  : F extends { type: FieldType<infer T> }
    ? T
    : never
export type Shape<F extends Record<string, AnyField>> = { [K in keyof F]: ValueOf<F[K]> }

/** The type of the message that a table describes. */
export type MessageOf<M> = M extends Message<infer T> ? T : never

const NONE: readonly never[] = Object.freeze([])

/** For messages that are soon on their way: a writer for each would be a slab for each. */
const shortLived = new Writer()

/** A message as a table of its fields, that can write and read it. Every field of a message that was read is set. */
export class Message<T extends object> {
  readonly #fields: { name: string; field: Field<unknown>; tag: number }[]
  readonly #byTag = new Map<number, { name: string; field: Field<unknown> }>()
  readonly #blank: T

  constructor(fields: Record<string, AnyField>) {
    this.#fields = Object.entries(fields as Fields)
      .map(([name, field]) => ({ name, field, tag: field.number * 8 + field.type.wireType }))
      .sort((a, b) => b.field.number - a.field.number)
    for (const { name, field, tag } of this.#fields) this.#byTag.set(tag, { name, field })
    this.#blank = Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, field.repeated ? NONE : field.type.empty]),
    ) as T
  }

  /** A whole message from some of its fields. To spread the blank here, where messages of all kinds pass, is thrice as slow. */
  of(part: Partial<T>): T {
    return Object.assign({}, this.#blank, part)
  }

  encode(value: Partial<T>, writer = shortLived): Buffer {
    writer.abandon()
    this.write(writer, value)
    return writer.finish()
  }

  decode(bytes: Uint8Array): T {
    return this.read(new Reader(bytes))
  }

  write(writer: Writer, value: Partial<T>): void {
    for (const { name, field, tag } of this.#fields) {
      const content = (value as Record<string, unknown>)[name]
      if (content === undefined || content === field.type.empty) continue
      if (field.repeated) writeRepeated(writer, field, tag, content as readonly unknown[])
      else if (!field.type.isEmpty?.(content)) {
        field.type.write(writer, content)
        writer.varint(tag)
      }
    }
  }

  read(reader: Reader): T {
    const value = Object.assign({}, this.#blank) as Record<string, unknown>
    while (reader.position < reader.end) {
      const tag = reader.varint()
      const known = this.#byTag.get(tag)
      if (!known) this.#readUnknown(reader, tag, value)
      else if (known.field.repeated) append(value, known.name, known.field.type.read(reader))
      else value[known.name] = known.field.type.read(reader)
    }
    return value as T
  }

  #readUnknown(reader: Reader, tag: number, value: Record<string, unknown>): void {
    const packed = tag % 8 === 2 ? this.#byTag.get(tag - 2) : undefined
    if (!packed?.field.repeated) {
      reader.skip(tag % 8)
      return
    }
    const inside = new Reader(reader.bytes())
    while (inside.position < inside.end) append(value, packed.name, packed.field.type.read(inside))
  }
}

function append(value: Record<string, unknown>, name: string, item: unknown): void {
  if (value[name] === NONE) value[name] = [item]
  else (value[name] as unknown[]).push(item)
}

function writeRepeated(writer: Writer, field: Field<unknown>, tag: number, items: readonly unknown[]): void {
  if (field.type.wireType === 0) {
    writePacked(writer, field, items)
    return
  }
  for (let i = items.length - 1; i >= 0; i--) {
    field.type.write(writer, items[i])
    writer.varint(tag)
  }
}

function writePacked(writer: Writer, field: Field<unknown>, items: readonly unknown[]): void {
  if (items.length === 0) return
  const before = writer.written
  for (let i = items.length - 1; i >= 0; i--) field.type.write(writer, items[i])
  writer.varint(writer.written - before)
  writer.varint(field.number * 8 + 2)
}

const plain = <T>(type: FieldType<T>) => ({
  one: (number: number) => ({ number, type, repeated: false as const }),
  many: (number: number) => ({ number, type, repeated: true as const }),
})

const EMPTY_BYTES: Uint8Array = Buffer.alloc(0)

/** int32, int64, uint32 and enums, as a number. */
const intType: FieldType<number> = {
  wireType: 0,
  empty: 0,
  write: (writer, value) => writer.varint(value),
  read: reader => reader.varint(),
}

/** int64 whose every bit counts, such as a lease's id. */
const int64Type: FieldType<bigint> = {
  wireType: 0,
  empty: 0n,
  write: (writer, value) => writer.bigVarint(value),
  read: reader => BigInt.asIntN(64, reader.bigVarint()),
}

/** Ids of members and clusters stand in every header: there are few of them, and making their bytes anew is slow. */
const ID_CACHE_SIZE = 64
const idBytes = new Map<bigint, Uint8Array>()

const uint64Type: FieldType<bigint> = {
  ...int64Type,
  write(writer, value) {
    const known = idBytes.get(value)
    if (known) {
      writer.raw(known)
      return
    }
    const before = writer.written
    writer.bigVarint(value)
    if (idBytes.size < ID_CACHE_SIZE) idBytes.set(value, Uint8Array.from(writer.latest(writer.written - before)))
  },
  read: reader => reader.bigVarint(),
}

const boolType: FieldType<boolean> = {
  wireType: 0,
  empty: false,
  write: (writer, value) => writer.varint(value ? 1 : 0),
  read: reader => reader.varint() !== 0,
}

const bytesType: FieldType<Uint8Array> = {
  wireType: 2,
  empty: EMPTY_BYTES,
  isEmpty: value => value.length === 0,
  write(writer, value) {
    writer.raw(value)
    writer.varint(value.length)
  },
  read: reader => reader.bytes(),
}

/** Bytes as a string with one character a byte: so keys compare, sort and hash as strings, byte by byte. */
const keyType: FieldType<string> = {
  wireType: 2,
  empty: '',
  write(writer, value) {
    writer.latin1(value)
    writer.varint(value.length)
  },
  read: reader => reader.latin1(),
}

const textType: FieldType<string> = {
  ...keyType,
  write(writer, value) {
    writer.utf8(value)
    writer.varint(Buffer.byteLength(value))
  },
  read: reader => reader.utf8(),
}

function nestedType<T extends object>(message: () => Message<T>): FieldType<T | undefined> {
  return {
    wireType: 2,
    empty: undefined,
    write(writer, value) {
      const before = writer.written
      message().write(writer, value!)
      writer.varint(writer.written - before)
    },
    read(reader) {
      const length = reader.varint()
      const outer = reader.end
      if (!(length >= 0 && reader.position + length <= outer)) throw new WireError('a field is longer than its message')
      reader.end = reader.position + length
      const value = message().read(reader)
      reader.end = outer
      return value
    },
  }
}

export const int = plain(intType)
export const int64 = plain(int64Type)
export const uint64 = plain(uint64Type)
export const bool = plain(boolType)
export const bytes = plain(bytesType)
export const key = plain(keyType)
export const text = plain(textType)

export function nested<T extends object>(message: () => Message<T>) {
  const one = nestedType(message)
  return { one: plain(one).one, many: plain(one as FieldType<T>).many }
}

export function message<F extends Record<string, AnyField>>(fields: F): Message<Shape<F>> {
  return new Message<Shape<F>>(fields)
}
