import { dump } from 'js-yaml'
import type { Encoder } from './encoder.ts'
import { jsonEncoder } from './json.ts'

/** YAML, made from the JSON form; a watch in YAML is a stream of documents. */
export const yamlEncoder: Encoder = {
  contentType: 'application/yaml',
  watchContentType: 'application/yaml',
  form: 'yaml',
  stored: (kind, entry) => asYaml(jsonEncoder.stored(kind, entry)),
  object: object => asYaml(jsonEncoder.object(object)),
  list: list => asYaml(jsonEncoder.list(list)),
  event: (type, kind, entry) => asDocument(jsonEncoder.event(type, kind, entry)),
  bookmark: (kind, revision, end) => asDocument(jsonEncoder.bookmark(kind, revision, end)),
  error: status => asDocument(jsonEncoder.error(status)),
}

function asYaml(json: Uint8Array): Buffer {
  return Buffer.from(dump(JSON.parse(Buffer.from(json).toString()), { lineWidth: -1, noRefs: true }))
}

function asDocument(json: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('---\n'), asYaml(json)])
}
