import { createHash } from 'node:crypto'

/** A number for a flow that nobody can aim: who wants to hide in another's queues cannot choose his name for it. */
export function flowHash(schema: string, distinguisher: string): bigint {
  return createHash('sha256').update(`${schema}\0${distinguisher}`).digest().readBigUInt64LE()
}

/**
 * A hand of `size` different queues out of `deck`. Two flows seldom share their whole hands, so that one which fills
 * its queues leaves others nearly always one of theirs.
 */
export function dealHand(hash: bigint, deck: number, size: number): number[] {
  const hand: number[] = []
  for (let left = deck; hand.length < Math.min(size, deck); left--) {
    const card = Number(hash % BigInt(left))
    hash /= BigInt(left)
    hand.push(skipDealt(card, hand))
  }
  return hand
}

/** The card-th of those that are still in the deck. */
function skipDealt(card: number, dealt: readonly number[]): number {
  for (const gone of dealt.toSorted((a, b) => a - b)) if (card >= gone) card++
  return card
}

/** What telling a hand apart needs of a hash, in bits: more than 60 it does not have. */
export function entropyBits(deck: number, size: number): number {
  let bits = 0
  for (let left = deck; left > deck - size; left--) bits += Math.log2(left)
  return Math.ceil(bits)
}
