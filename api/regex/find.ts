import { MOST_VISITS, type Step } from './steps.ts'
import { holds, PatternError } from './syntax.ts'

/** One way through the pattern that is still open: where it stands, and where in the text it began. */
interface Thread {
  step: number
  begin: number
}

interface Search {
  steps: readonly Step[]
  signs: readonly number[]
  visitsLeft: number
}

/** What a pattern finds in a text, as Go finds it: leftmost first, and of those what the pattern prefers. */
export function findAll(steps: readonly Step[], text: string, most: number): string[] {
  const signs = Array.from(text, sign => sign.codePointAt(0)!)
  const search: Search = { steps, signs, visitsLeft: MOST_VISITS }
  const found: string[] = []
  let lastEnd = -1
  for (let from = 0; from <= signs.length && found.length < most; ) {
    const place = findFrom(search, from)
    if (!place) break
    // Right behind a match nothing is not found once more.
    if (place.end > place.begin || place.begin !== lastEnd) found.push(textOf(signs, place))
    lastEnd = place.end
    from = place.end > place.begin ? place.end : place.end + 1
  }
  return found
}

interface Place {
  begin: number
  end: number
}

function textOf(signs: readonly number[], { begin, end }: Place): string {
  return signs
    .slice(begin, end)
    .map(sign => String.fromCodePoint(sign))
    .join('')
}

/** All threads advance together, the preferred ones first: a match ends those that are less preferred. */
function findFrom(search: Search, from: number): Place | undefined {
  const { steps, signs } = search
  let place: Place | undefined
  let threads: Thread[] = []
  for (let at = from; at <= signs.length; at++) {
    if (!place) threads.push({ step: 0, begin: at })
    if (threads.length === 0) break
    const { reading, end } = openedAt(search, threads, at)
    if (end) place = end
    threads = reading.filter(({ step }) => {
      const one = steps[step] as Step & { op: 'one' }
      return at < signs.length && one.test(signs[at]!)
    })
    threads = threads.map(({ step, begin }) => ({ step: step + 1, begin }))
  }
  return place
}

/** The threads that read the next sign, in order of preference, up to the first that is at its end. */
function openedAt(search: Search, threads: readonly Thread[], at: number) {
  const seen = new Set<number>()
  const reading: Thread[] = []
  const open = threads.toReversed()
  for (let thread = open.pop(); thread; thread = open.pop()) {
    if (seen.has(thread.step)) continue
    seen.add(thread.step)
    if (--search.visitsLeft < 0) throw new PatternError('the text takes too long to match')
    const { begin } = thread
    const step = search.steps[thread.step]!
    if (step.op === 'found') return { reading, end: { begin, end: at } }
    if (step.op === 'one') reading.push(thread)
    else if (step.op === 'split') open.push(...step.targets.map(target => ({ step: target, begin })).reverse())
    else if (holds(step.what, search.signs as number[], at)) open.push({ step: thread.step + 1, begin })
  }
  return { reading, end: undefined }
}
