import { ProtocolError } from './frames.ts'

// The code of RFC 7541, appendix B. It is canonical: ordered by length, then by symbol, codes just count up. So the lengths
// of the 256 bytes and of the end mark (30 bits) say everything.
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
]
const END = 256

/** A node is two places: the next node for bit 0 and bit 1, or ~symbol. */
const TREE = buildTree()

function buildTree(): Int32Array {
  const tree = new Int32Array(1024)
  let nodes = 1
  const add = (symbol: number, code: number, length: number) => {
    let at = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const place = at * 2 + ((code >>> bit) & 1)
      if (tree[place] === 0) tree[place] = nodes++
      at = tree[place]!
    }
    tree[at * 2 + (code & 1)] = ~symbol
  }
  let code = 0
  for (let length = 5; length <= 30; length++, code *= 2) {
    LENGTHS.forEach((each, symbol) => {
      if (each === length) add(symbol, code++, length)
    })
  }
  return tree
}

export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let node = 0
  let sinceSymbol = 0
  let onlyOnes = true
  for (let at = start; at < end; at++) {
    for (let bit = 7; bit >= 0; bit--) {
      const one = (bytes[at]! >>> bit) & 1
      const next = TREE[node * 2 + one]!
      sinceSymbol++
      if (one === 0) onlyOnes = false
      if (next >= 0) {
        node = next
        continue
      }
      if (~next === END) throw new ProtocolError('compression', 'a string holds the end mark')
      text += String.fromCharCode(~next)
      node = 0
      sinceSymbol = 0
      onlyOnes = true
    }
  }
  if (sinceSymbol > 7 || !onlyOnes) throw new ProtocolError('compression', 'a string is padded wrongly')
  return text
}
