import * as fs from 'node:fs'
import { dirname } from 'node:path'
import type { Mount } from '../runtime.ts'

/** A fake container's files: in memory, except below its mounts, which are real folders. */
export class FakeFiles {
  readonly #mounts: Mount[]
  readonly #files = new Map<string, string>()

  constructor(mounts: readonly Mount[]) {
    this.#mounts = [...mounts].sort((a, b) => b.target.length - a.target.length)
  }

  read(path: string): string | undefined {
    const real = this.#real(path)
    if (real === undefined) return this.#files.get(path)
    return fs.existsSync(real.path) ? fs.readFileSync(real.path, 'utf8') : undefined
  }

  /** False where only reading is allowed. */
  write(path: string, text: string, append = false): boolean {
    const real = this.#real(path)
    if (real?.readOnly) return false
    if (real === undefined) this.#files.set(path, append ? (this.#files.get(path) ?? '') + text : text)
    else {
      fs.mkdirSync(dirname(real.path), { recursive: true })
      fs.writeFileSync(real.path, text, { flag: append ? 'a' : 'w' })
    }
    return true
  }

  remove(path: string): void {
    const real = this.#real(path)
    if (real === undefined) this.#files.delete(path)
    else if (!real.readOnly) fs.rmSync(real.path, { force: true, recursive: true })
  }

  #real(path: string): { path: string; readOnly: boolean } | undefined {
    const mount = this.#mounts.find(one => path === one.target || path.startsWith(`${one.target}/`))
    return mount && { path: mount.source + path.slice(mount.target.length), readOnly: mount.readOnly }
  }
}
