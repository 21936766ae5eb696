import type { KubeObject } from '../../api/objects.ts'
import { bookmarkObject, type Encoder, listMeta, served } from './encoder.ts'
import { eventLine, jsonBytes } from './json.ts'

/** Objects cut down to who they are: what the garbage collector and other generic clients watch. */
export function metadataEncoder(version: string): Encoder {
  return {
    contentType: 'application/json',
    watchContentType: 'application/json',
    form: `PartialObjectMetadata/${version}`,
    stored: (kind, entry) => jsonBytes(partialMetadata(served(kind, entry), version)),
    object: object => jsonBytes(object.kind === 'Status' ? object : partialMetadata(object, version)),
    list: list =>
      jsonBytes({
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${version}`,
        metadata: listMeta(list),
        items: list.entries.map(entry => partialMetadata(served(list.kind, entry), version)),
      }),
    event: (type, kind, entry) => eventLine(type, jsonBytes(partialMetadata(served(kind, entry), version))),
    bookmark: (kind, revision, end) =>
      eventLine('BOOKMARK', jsonBytes(partialMetadata(bookmarkObject(kind, revision, end), version))),
    error: status => eventLine('ERROR', jsonBytes(status)),
  }
}

export function partialMetadata(object: KubeObject, version: string): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata }
}
