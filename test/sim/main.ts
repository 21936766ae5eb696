/** `npm run sim -- --seeds N [--seed S]`: runs seeds S, S+1, ... and prints the first that fails, with its trace. */
import { parseArgs } from 'node:util'
import { runSeed } from './run.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean' },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)
if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1) {
  console.error('usage: npm run sim -- --seeds N [--seed S] [--trace]')
  process.exit(2)
}

const totals = { happenings: 0, acknowledged: 0, elections: 0 }
for (let seed = first; seed < first + count; seed++) {
  const result = await runSeed(seed)
  if (values.trace || result.violation) console.log(result.trace.join('\n'))
  if (result.violation) {
    console.error(`\nseed ${seed} failed: ${result.violation}\nagain: npm run sim -- --seeds 1 --seed ${seed}`)
    process.exit(1)
  }
  totals.happenings += result.happenings
  totals.acknowledged += result.acknowledged
  totals.elections += result.elections
}
const { happenings, acknowledged, elections } = totals
console.log(`${count} seeds held: ${happenings} happenings, ${elections} elections, ${acknowledged} calls answered`)
