import { readFileSync } from 'node:fs'
import { getRawAsset, isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { type Prose, type ProseFile, proseFrom } from '../../api/openapi/prose.ts'
import { errorCode } from '../../platform/disk.ts'

const NAME = 'openapi-prose.json.gz'

/**
 * The sentences of `kubectl explain`, which a release carries inside; beside the bundle, or in build/ once that was made.
 * Without them fields are shown without sentences. They are unpacked whenever they are needed, which is seldom.
 */
export function releaseProse(): (() => Prose) | undefined {
  const packed = isSea() ? Buffer.from(getRawAsset(NAME) as ArrayBuffer) : packedFile()
  if (!packed) return undefined
  return () => proseFrom(JSON.parse(gunzipSync(packed).toString()) as ProseFile)
}

function packedFile(): Buffer | undefined {
  for (const place of [`./${NAME}`, `../../build/${NAME}`]) {
    try {
      return readFileSync(fileURLToPath(new URL(place, import.meta.url)))
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
  return undefined
}
