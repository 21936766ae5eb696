import { readFileSync, statSync } from 'node:fs'

/** Names of files as etcd's flags give them. */
export interface TlsFiles {
  certFile: string
  keyFile: string
  trustedCaFile?: string
  /** Whoever connects must show a certificate that the trusted CA signed. */
  clientCertAuth?: boolean
}

export interface TlsMaterial {
  cert: Buffer
  key: Buffer
  ca: Buffer | undefined
}

/** Certificates as they are on disk now: read again when their files change, so that renewed ones are taken up. */
export class TlsSource {
  readonly files: TlsFiles
  #stamp = ''
  #material: TlsMaterial | undefined

  constructor(files: TlsFiles) {
    this.files = files
  }

  get clientCertAuth(): boolean {
    return this.files.clientCertAuth === true
  }

  current(): TlsMaterial {
    return this.refresh() ?? this.#material!
  }

  /** What the files hold, if they have changed since the last call. */
  refresh(): TlsMaterial | undefined {
    const { certFile, keyFile, trustedCaFile } = this.files
    const paths = [certFile, keyFile, ...(trustedCaFile ? [trustedCaFile] : [])]
    const stamp = paths.map(path => `${path} ${statSync(path).mtimeMs}`).join()
    if (stamp === this.#stamp) return undefined
    const material = {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ca: trustedCaFile ? readFileSync(trustedCaFile) : undefined,
    }
    this.#stamp = stamp
    this.#material = material
    return material
  }
}
