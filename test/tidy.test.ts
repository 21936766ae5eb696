import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import * as rules from './tidy/rules.ts'
import { readTree, type Tree } from './tidy/tree.ts'

const RULES: Record<string, rules.Rule> = {
  'rooms import only what DESIGN.md allows': rules.importRules,
  'the store is known to apiserver/storage/ alone': rules.storeHasOneDoor,
  'Docker and the packet filter have one door each': rules.oneDoorEach,
  'no import cycles': rules.noCycles,
  'every file is reached': rules.everyFileIsReached,
  'every export is taken': rules.everyExportIsTaken,
  'no barrel files': rules.noBarrels,
  'time, chance and the world are handed in': rules.bannedCalls,
  'entry files introduce their rooms': rules.entryFilesIntroduce,
  'functions are short': rules.shortFunctions,
  'files are short': rules.shortFiles,
}

describe('the tree is tidy', () => {
  const tree = readTree(join(import.meta.dirname, '..'))
  for (const [name, rule] of Object.entries(RULES)) {
    it(name, () => {
      const problems = rule(tree)
      assert.ok(problems.length === 0, `\n${problems.join('\n')}`)
    })
  }
})

/** Each rule broken on purpose: the message has to name the place and the way out. */
const broken: [string, rules.Rule, Record<string, string>, RegExp][] = [
  [
    'a room of floor 1 that imports floor 3',
    rules.importRules,
    { 'api/meta.ts': "import { plan } from '../kubelet/plan.ts'" },
    /api\/meta\.ts imports kubelet\/plan\.ts: api\/ may import nothing of ours\. Move what is shared down/,
  ],
  [
    'two rooms of floor 3 that know each other',
    rules.importRules,
    { 'kubelet/a.ts': "import type { X } from '../scheduler/b.ts'" },
    /kubelet\/ may import platform, api, client, pki\./,
  ],
  [
    'the store used past its interface',
    rules.storeHasOneDoor,
    { 'apiserver/registry.ts': "import { openMember } from '../etcd/member.ts'" },
    /only apiserver\/storage\/ knows the store .* Use the interface/,
  ],
  [
    'a second importer of dockerode',
    rules.oneDoorEach,
    { 'kubelet/pod/x.ts': "import Docker from 'dockerode'" },
    /its one door is kubelet\/docker\//,
  ],
  [
    'a second user of nft',
    rules.oneDoorEach,
    { 'network/pods/x.ts': "run('nft', ['-f', '-'])" },
    /its one door is network\/filter\//,
  ],
  [
    'a cycle',
    rules.noCycles,
    { 'api/a.ts': "import './b.ts'", 'api/b.ts': "import './c.ts'", 'api/c.ts': "import './a.ts'" },
    /api\/a\.ts -> api\/b\.ts -> api\/c\.ts -> api\/a\.ts: move what both need/,
  ],
  [
    'a file that nothing reaches',
    rules.everyFileIsReached,
    { 'api/lost.ts': 'export const x = 1' },
    /api\/lost\.ts is imported by nothing: delete it/,
  ],
  [
    'an export that nobody takes',
    rules.everyExportIsTaken,
    {
      'api/a.ts': 'export const used = 1\nexport async function lost() {}\nexport type Named = string\n',
      'api/b.ts': "import { type Named, used as mine } from './a.ts'",
    },
    /^api\/a\.ts exports lost, which no other file imports: drop the export/,
  ],
  [
    'a barrel',
    rules.noBarrels,
    { 'api/index.ts': "export * from './a.ts'\nexport { b } from './b.ts'\n" },
    /only re-exports: delete it/,
  ],
  [
    'the clock read in a room',
    rules.bannedCalls,
    { 'kubelet/x.ts': 'const now = Date.now()' },
    /kubelet\/x\.ts:1 calls the world .* take a Clock/,
  ],
  ['a timer in a room', rules.bannedCalls, { 'client/x.ts': '\nsetTimeout(run, 5)' }, /client\/x\.ts:2/],
  [
    'chance in a room',
    rules.bannedCalls,
    { 'scheduler/x.ts': 'Math.random() < 0.5' },
    /a Random or an interface as an argument/,
  ],
  [
    'the disk in a decision',
    rules.bannedCalls,
    { 'kubelet/pod/plan.ts': "import { readFile } from 'node:fs/promises'" },
    /plan\.ts:1 calls the world/,
  ],
  [
    'the network in a decision',
    rules.bannedCalls,
    { 'scheduler/decide.ts': 'await fetch(url)' },
    /decide\.ts:1 calls the world/,
  ],
  [
    'an entry file that says nothing',
    rules.entryFilesIntroduce,
    { 'cli/main.ts': '/** The command. */' },
    /cli\/main\.ts does not introduce its room/,
  ],
  [
    'a long function',
    rules.shortFunctions,
    { 'api/x.ts': `export function x() {\n${'  y()\n'.repeat(60)}}\n` },
    /api\/x\.ts:1 is a function of 62 lines, the ceiling is 50: split it by idea/,
  ],
  [
    'a long file',
    rules.shortFiles,
    { 'api/x.ts': 'x\n'.repeat(401) },
    /api\/x\.ts has 401 lines, the ceiling is 400: split it/,
  ],
]

describe('each rule, broken on purpose, says what to do', () => {
  for (const [name, rule, files, message] of broken) {
    it(name, () => {
      const tree: Tree = new Map(Object.entries(files))
      assert.match(rule(tree).join('\n'), message)
    })
  }

  it('and a tree that keeps them is quiet', () => {
    const tree: Tree = new Map([
      ['cli/main.ts', "import { a } from '../api/a.ts'\n// Date.now() in a comment is fine\nconst x = clock.now()\n"],
      ['api/a.ts', 'export const a = 1\n'],
    ])
    const all = [rules.importRules, rules.noCycles, rules.everyFileIsReached, rules.bannedCalls, rules.shortFunctions]
    assert.deepEqual(
      all.flatMap(rule => rule(tree)),
      [],
    )
  })
})
