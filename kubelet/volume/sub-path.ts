import * as fs from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'

/** The place inside a volume that a mount asks for. Links that lead out of the volume are refused, whoever made them. */
export async function resolveSubPath(volume: string, subPath: string): Promise<string> {
  if (isAbsolute(subPath) || subPath.split('/').includes('..')) {
    throw new Error(`subPath "${subPath}" must be a relative path without '..'`)
  }
  const base = await fs.realpath(volume)
  const wanted = join(base, subPath)
  const found = await ifPresent(fs.realpath(wanted))
  if (found === undefined) return makeInside(base, wanted, subPath)
  assertInside(base, found, subPath)
  return found
}

async function makeInside(base: string, wanted: string, subPath: string): Promise<string> {
  let existing = wanted
  let real = await ifPresent(fs.realpath(existing))
  while (real === undefined) {
    existing = join(existing, '..')
    real = await ifPresent(fs.realpath(existing))
  }
  assertInside(base, real, subPath)
  await fs.mkdir(wanted, { recursive: true, mode: 0o755 })
  const made = await fs.realpath(wanted)
  assertInside(base, made, subPath)
  return made
}

function assertInside(base: string, path: string, subPath: string): void {
  const way = relative(base, path)
  if (way === '..' || way.startsWith('../') || isAbsolute(way))
    throw new Error(`subPath "${subPath}" leads out of its volume`)
}
