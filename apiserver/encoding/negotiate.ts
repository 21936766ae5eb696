import { ApiError } from '../../api/errors.ts'
import type { Encoder } from './encoder.ts'
import { jsonEncoder, prettyEncoder } from './json.ts'
import { metadataEncoder } from './metadata.ts'
import { parseIncludeObject, tableEncoder } from './table.ts'
import { yamlEncoder } from './yaml.ts'

/** What the answer is about: it decides which transformations an Accept header may ask for. */
export type Subject = 'object' | 'list' | 'watch' | 'other'

export interface Wish {
  accept: string | undefined
  query: URLSearchParams
  subject: Subject
  /** Whether the kind has protobuf messages. */
  protobuf?: Encoder
  now: () => number
}

interface Accepted {
  type: string
  as: string
  group: string
  version: string
  quality: number
}

const PLAIN = new Set(['*/*', 'application/json'])
const METADATA_VERSIONS = new Set(['v1', 'v1beta1'])

/** The first acceptable form, in the client's order of preference; NotAcceptable when none is. */
export function negotiate(wish: Wish): Encoder {
  if (!wish.accept || PLAIN.has(wish.accept)) return plain(wish)
  for (const accepted of parseAccept(wish.accept)) {
    const encoder = accepted.as === '' ? plainOf(accepted.type, wish) : transformed(accepted, wish)
    if (encoder) return encoder
  }
  throw new ApiError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  )
}

function parseAccept(header: string): Accepted[] {
  const accepted = header.split(',').map(parseOne)
  return accepted.filter(one => one.quality > 0).sort((a, b) => b.quality - a.quality)
}

function parseOne(text: string): Accepted {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim())
  const values = new Map(parameters.map(parameter => parameter.split('=', 2) as [string, string]))
  const quality = Number(values.get('q') ?? 1)
  return {
    type: type.toLowerCase(),
    as: values.get('as') ?? '',
    group: values.get('g') ?? '',
    version: values.get('v') ?? '',
    quality: Number.isFinite(quality) ? quality : 0,
  }
}

function plain(wish: Wish): Encoder {
  const pretty = wish.query.get('pretty')
  return pretty !== null && pretty !== 'false' && pretty !== '0' && wish.subject !== 'watch'
    ? prettyEncoder
    : jsonEncoder
}

function plainOf(type: string, wish: Wish): Encoder | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return plain(wish)
  if (type === 'application/yaml') return yamlEncoder
  if (type === 'application/vnd.kubernetes.protobuf') return wish.protobuf
  return undefined
}

/** `as=Table` and friends are only made in JSON. */
function transformed(accepted: Accepted, wish: Wish): Encoder | undefined {
  if (accepted.group !== 'meta.k8s.io' || !METADATA_VERSIONS.has(accepted.version)) return undefined
  if (accepted.type !== 'application/json' || wish.subject === 'other') return undefined
  if (accepted.as === 'Table') {
    return tableEncoder(accepted.version, parseIncludeObject(wish.query.get('includeObject')), wish.now)
  }
  const single = wish.subject === 'object' || wish.subject === 'watch'
  if (accepted.as === 'PartialObjectMetadata' && single) return metadataEncoder(accepted.version)
  if (accepted.as === 'PartialObjectMetadataList' && wish.subject === 'list') return metadataEncoder(accepted.version)
  return undefined
}
