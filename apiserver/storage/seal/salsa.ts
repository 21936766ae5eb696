/**
 * seal/ is how values are sealed: here Salsa20 as its author describes it, poly1305.ts signs, secretbox.ts joins the two
 * as NaCl does, providers.ts gives each way its name and form. All of it is tested against published values.
 */
const ROUNDS = 20
const BLOCK = 64

/** "expand 32-byte k", in words. */
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const

const rotate = (word: number, by: number) => (word << by) | (word >>> (32 - by))

/** One quarter of a round: the four words at a, b, c, d are mixed in place. */
function quarter(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  x[b]! ^= rotate((x[a]! + x[d]!) | 0, 7)
  x[c]! ^= rotate((x[b]! + x[a]!) | 0, 9)
  x[d]! ^= rotate((x[c]! + x[b]!) | 0, 13)
  x[a]! ^= rotate((x[d]! + x[c]!) | 0, 18)
}

function mix(x: Uint32Array): void {
  for (let round = 0; round < ROUNDS; round += 2) {
    quarter(x, 0, 4, 8, 12)
    quarter(x, 5, 9, 13, 1)
    quarter(x, 10, 14, 2, 6)
    quarter(x, 15, 3, 7, 11)
    quarter(x, 0, 1, 2, 3)
    quarter(x, 5, 6, 7, 4)
    quarter(x, 10, 11, 8, 9)
    quarter(x, 15, 12, 13, 14)
  }
}

/** Key and 16 bytes of input in the places that Salsa20 gives them. */
function stateOf(key: Buffer, input: Buffer): Uint32Array {
  const x = new Uint32Array(16)
  for (let index = 0; index < 4; index++) {
    x[index * 5] = SIGMA[index]!
    x[1 + index] = key.readUInt32LE(index * 4)
    x[11 + index] = key.readUInt32LE(16 + index * 4)
    x[6 + index] = input.readUInt32LE(index * 4)
  }
  return x
}

/** A key for one nonce out of a long-lived key: HSalsa20. */
export function deriveKey(key: Buffer, input: Buffer): Buffer {
  const x = stateOf(key, input)
  mix(x)
  const derived = Buffer.alloc(32)
  for (const [index, word] of [0, 5, 10, 15, 6, 7, 8, 9].entries()) derived.writeUInt32LE(x[word]!, index * 4)
  return derived
}

/** `length` bytes that nobody foresees without the key: Salsa20's stream for an 8-byte nonce. */
export function keyStream(key: Buffer, nonce: Buffer, length: number): Buffer {
  const stream = Buffer.alloc(Math.ceil(length / BLOCK) * BLOCK)
  const input = Buffer.concat([nonce, Buffer.alloc(8)])
  for (let block = 0; block * BLOCK < length; block++) {
    input.writeUInt32LE(block, 8)
    writeBlock(stateOf(key, input), stream, block * BLOCK)
  }
  return stream.subarray(0, length)
}

function writeBlock(state: Uint32Array, stream: Buffer, offset: number): void {
  const x = state.slice()
  mix(x)
  for (const [index, word] of x.entries()) stream.writeUInt32LE((word + state[index]!) >>> 0, offset + index * 4)
}
