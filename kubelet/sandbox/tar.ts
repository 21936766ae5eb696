/** One file of an archive. */
export interface TarEntry {
  name: string
  data: Uint8Array
  mode?: number
}

const BLOCK = 512

/** A ustar archive of plain files, the same bytes for the same entries whenever it is made. */
export function packTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(entry => [tarHeader(entry), padded(entry.data)])
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}

function tarHeader(entry: TarEntry): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(entry.name, 0)
  header.write(octal(entry.mode ?? 0o644, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(entry.data.length, 11), 124)
  header.write(octal(0, 11), 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  header.write(`${octal(checksum(header), 6)}\0 `, 148, 'latin1')
  return header
}

function checksum(header: Buffer): number {
  return header.reduce((sum, byte) => sum + byte, 0)
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function padded(data: Uint8Array): Buffer {
  const rest = data.length % BLOCK
  return Buffer.concat([data, Buffer.alloc(rest === 0 ? 0 : BLOCK - rest)])
}
