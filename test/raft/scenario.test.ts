import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Scenario } from './scenario.ts'

/** A story is a title (#), then blocks: comment lines, one command, `----`, what it led to, an empty line. */
function retell(text: string): string {
  let scenario = new Scenario()
  const blocks = text.trim().split(/\n\n+/)
  const retold = blocks.map(block => {
    const lines = block.split('\n').filter((_, at, all) => at <= untilAnswer(all))
    if (lines.some(line => line.startsWith('## '))) scenario = new Scenario()
    const commands = lines.filter(line => !line.startsWith('#'))
    if (commands.length === 0) return lines.join('\n')
    const answers = commands.map(command => scenario.run(command)).filter(answer => answer !== 'ok')
    return [...lines, '----', answers.join('\n') || 'ok'].join('\n')
  })
  return `${retold.join('\n\n')}\n`
}

function untilAnswer(lines: string[]): number {
  const answer = lines.indexOf('----')
  return answer === -1 ? lines.length : answer - 1
}

describe('Raft scenarios', () => {
  for (const file of readdirSync(import.meta.dirname).filter(name => name.endsWith('.txt'))) {
    it(file, () => {
      const path = join(import.meta.dirname, file)
      const told = readFileSync(path, 'utf8')
      const retold = retell(told)
      if (process.env.UPDATE) writeFileSync(path, retold)
      else assert.equal(retold, told, `${file} tells another story now; UPDATE=1 rewrites it`)
    })
  }
})
