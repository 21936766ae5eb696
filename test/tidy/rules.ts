import { importsOf, isTest, roomOf, type Tree } from './tree.ts'

/** A rule looks at the whole tree and says what is wrong and how to mend it, a sentence each. */
export type Rule = (tree: Tree) => string[]

/** What each room may import of ours, from DESIGN.md. Whoever is not listed here stands beside the house. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  platform: [],
  api: [],
  pki: ['platform', 'api'],
  etcd: ['platform'],
  client: ['platform', 'api'],
  apiserver: ['platform', 'api', 'pki', 'etcd'],
  scheduler: ['platform', 'api', 'client'],
  controller: ['platform', 'api', 'client', 'pki'],
  kubelet: ['platform', 'api', 'client', 'pki'],
  network: ['platform', 'api', 'client'],
  cli: ['platform', 'api', 'client', 'pki', 'etcd', 'apiserver', 'scheduler', 'controller', 'kubelet', 'network'],
}

/** Tests of a room may use the doubles and suites that stand in test/, and whatever room they need to act on. */
export const importRules: Rule = tree =>
  eachImport(tree, (file, target) => {
    const [room, other] = [roomOf(file), roomOf(target)]
    const allowed = MAY_IMPORT[room]
    if (!allowed || room === other || allowed.includes(other) || isTest(file)) return []
    const list = allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')
    return [
      `${file} imports ${target}: ${room}/ may import ${list}. Move what is shared down to api/ or platform/, or hand it in as an argument.`,
    ]
  })

export const storeHasOneDoor: Rule = tree =>
  eachImport(tree, (file, target) => {
    if (
      roomOf(file) !== 'apiserver' ||
      roomOf(target) !== 'etcd' ||
      file.startsWith('apiserver/storage/') ||
      isTest(file)
    )
      return []
    return [
      `${file} imports ${target}: only apiserver/storage/ knows the store behind the Store interface. Use the interface.`,
    ]
  })

/** Outside boundaries with one door each: package or program, and the folder that may name it. */
const DOORS: readonly { name: string; pattern: RegExp; home: string }[] = [
  { name: 'dockerode', pattern: /from 'dockerode'/, home: 'kubelet/docker/' },
  {
    name: 'the packet filter (nft, iptables-restore)',
    pattern: /'(nft|iptables-restore|ip6tables-restore)'/,
    home: 'network/filter/',
  },
]

export const oneDoorEach: Rule = tree =>
  [...tree].flatMap(([file, text]) =>
    DOORS.filter(door => door.pattern.test(text) && !isBeside(file) && !file.startsWith(door.home)).map(
      door =>
        `${file} reaches for ${door.name}: its one door is ${door.home}. Go through the interface that stands there.`,
    ),
  )

/** Rooms beside the house: tests and installation may touch everything. */
const isBeside = (file: string): boolean => ['test', 'deploy'].includes(roomOf(file)) || isTest(file)

export const noCycles: Rule = tree => {
  const done = new Set<string>()
  const problems: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      const ring = [...path.slice(path.indexOf(file)), file].join(' -> ')
      problems.push(`import cycle ${ring}: move what both need into a file of its own.`)
      return
    }
    if (done.has(file)) return
    for (const { target, own } of importsOf(file, tree.get(file) ?? ''))
      if (own && tree.has(target)) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of tree.keys()) visit(file, [])
  return problems
}

/** Files that something outside the tree starts (the command, npm scripts, node's runner), and the generated types. */
const isEntry = (file: string): boolean =>
  isTest(file) ||
  file.startsWith('api/types/') ||
  file.endsWith('.mjs') ||
  /^(cli|api\/generate|test\/sim|test\/lab)\/main\.ts$/.test(file) ||
  /^(deploy\/(build|executable|code-cache)|test\/run|test\/bench\/[^/]+)\.ts$/.test(file)

export const everyFileIsReached: Rule = tree => {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file) || !tree.has(file)) return
    reached.add(file)
    for (const { target, own } of importsOf(file, tree.get(file) ?? '')) if (own) visit(target)
  }
  for (const file of tree.keys()) if (isEntry(file)) visit(file)
  return [...tree.keys()]
    .filter(file => !reached.has(file))
    .map(file => `${file} is imported by nothing: delete it, or import it where it is used.`)
}

/** Constants, functions and classes only: the types of what a file hands out may have names though nobody asks for them. */
const EXPORT = /^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm

export const everyExportIsTaken: Rule = tree => {
  const taken = new Set<string>()
  for (const [file, text] of tree)
    for (const { target, names } of importsOf(file, text))
      for (const name of names === 'everything' ? ['*'] : names) taken.add(`${target}#${name}`)
  return [...tree].flatMap(([file, text]) =>
    Array.from(text.matchAll(EXPORT), match => match[1] ?? '')
      .filter(name => !taken.has(`${file}#${name}`) && !taken.has(`${file}#*`))
      .map(name => `${file} exports ${name}, which no other file imports: drop the export, or the whole if unused.`),
  )
}

/** No file that only hands on what stands elsewhere: such barrels make cycles and hide where things live. */
export const noBarrels: Rule = tree =>
  [...tree]
    .filter(([, text]) => isBarrel(text))
    .map(([file]) => `${file} only re-exports: delete it and import from the files themselves.`)

function isBarrel(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').trim()
  const withoutReexports = code
    .replace(/export\s+(type\s+)?(\*|\{[^}]*\})(\s+as\s+\w+)?\s+from\s+'[^']+';?/g, '')
    .trim()
  return code !== '' && withoutReexports === ''
}

/** Time and chance are handed in everywhere; code that decides touches nothing of the world at all. */
const EVERYWHERE = [
  /\bDate\.now\(/,
  /(?<![.\w#])setTimeout\(/,
  /(?<![.\w#])setInterval\(/,
  /\bMath\.random\(/,
  /\bnew Date\(\)/,
]
const IN_DECISIONS = [
  /(?<![.\w#])fetch\(/,
  // isIP and its like only look at text.
  /^(?!import \{ isIP(v[46])?(, isIP(v[46])?)* \}).*from 'node:(fs|fs\/promises|net|http|https|http2|child_process|dgram|dns)'/,
]

const isDecision = (file: string): boolean =>
  (roomOf(file) === 'api' && !file.startsWith('api/generate/')) ||
  /(^|\/)(plan|decide|rules|core)\.ts$/.test(file) ||
  /^scheduler\/(filters|scores|decide)\//.test(file)

export const bannedCalls: Rule = tree =>
  [...tree].flatMap(([file, text]) => {
    if (isBeside(file) || roomOf(file) === 'platform') return []
    const banned = isDecision(file) ? [...EVERYWHERE, ...IN_DECISIONS] : EVERYWHERE
    return withoutComments(text)
      .split('\n')
      .flatMap((line, index) =>
        banned
          .filter(pattern => pattern.test(line))
          .map(
            () =>
              `${file}:${index + 1} calls the world (${line.trim()}): take a Clock, a Random or an interface as an argument.`,
          ),
      )
  })

/** Comments blanked out, so that line numbers stay. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, '')).replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** The file of each room that one reads first. */
export const ENTRY_FILES: Record<string, string> = {
  platform: 'platform/clock.ts',
  api: 'api/objects.ts',
  pki: 'pki/keys.ts',
  etcd: 'etcd/member.ts',
  client: 'client/transport.ts',
  apiserver: 'apiserver/app.ts',
  scheduler: 'scheduler/scheduler.ts',
  controller: 'controller/manager.ts',
  kubelet: 'kubelet/agent.ts',
  network: 'network/network.ts',
  cli: 'cli/main.ts',
  deploy: 'deploy/bootstrap.mjs',
  test: 'test/run.ts',
}

export const entryFilesIntroduce: Rule = tree =>
  Object.entries(ENTRY_FILES).flatMap(([room, file]) => {
    const text = tree.get(file)
    if (text === undefined)
      return [`${room}/ has no entry file ${file}: create it, or name the right one in test/tidy/rules.ts.`]
    const comment = /\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? ''
    const says = comment.includes(`${room}/`) && /import/i.test(comment)
    return says || room === 'deploy'
      ? []
      : [
          `${file} does not introduce its room: its first comment says what ${room}/ is for, where to start and what it may import.`,
        ]
  })

export interface FunctionSpan {
  file: string
  line: number
  length: number
}

const FUNCTION_HEAD =
  /(^\s*(export )?(default )?(async )?function\b.*|=>|^\s*(static |async |override |get |set |\*|#)*[\w$#]+(<.*>)?\(.*\)(: .*)?|^\s*\)(: .*)?( =>)?) \{$/
const NOT_FUNCTION = /^\s*(if|for|while|switch|catch|else|do|try|class|interface|\} (else|catch|finally))\b/

/** Functions and their lengths, read off the indentation that the formatter guarantees. */
export function functionSpans(tree: Tree): FunctionSpan[] {
  return [...tree].filter(([file]) => !isBeside(file)).flatMap(([file, text]) => spansOf(file, text.split('\n')))
}

function spansOf(file: string, lines: string[]): FunctionSpan[] {
  return lines.flatMap((line, index) => {
    if (!FUNCTION_HEAD.test(line) || NOT_FUNCTION.test(line)) return []
    const indent = /^\s*/.exec(line)![0]
    const end = lines.findIndex((other, at) => at > index && other.startsWith(`${indent}}`))
    return end < 0 ? [] : [{ file, line: index + 1, length: end - index + 1 }]
  })
}

/** Lines of a function that are its own, not those of functions inside it. Lower it when the longest has become shorter. */
export const FUNCTION_CEILING = 50
/** Lines of a function with all inside it: for factories, whose inner functions share what they are given. */
export const FACTORY_CEILING = 190

export const shortFunctions: Rule = tree => {
  const spans = functionSpans(tree)
  const problems = spans.map(span => {
    const own = ownLength(span, spans)
    if (own > FUNCTION_CEILING) return { span, length: own, ceiling: FUNCTION_CEILING }
    return span.length > FACTORY_CEILING ? { span, length: span.length, ceiling: FACTORY_CEILING } : undefined
  })
  return problems
    .filter(problem => problem !== undefined)
    .map(
      ({ span, length, ceiling }) =>
        `${span.file}:${span.line} is a function of ${length} lines, the ceiling is ${ceiling}: split it by idea.`,
    )
}

/** Without the functions that stand directly inside, each of which counts for itself. */
function ownLength(span: FunctionSpan, spans: readonly FunctionSpan[]): number {
  const inside = spans.filter(other => other !== span && other.file === span.file && contains(span, other))
  const direct = inside.filter(inner => !inside.some(other => other !== inner && contains(other, inner)))
  return span.length - direct.reduce((sum, inner) => sum + inner.length, 0)
}

const contains = (outer: FunctionSpan, inner: FunctionSpan): boolean =>
  inner.line > outer.line && inner.line + inner.length <= outer.line + outer.length

export const FILE_CEILING = 400

export const shortFiles: Rule = tree =>
  [...tree]
    .filter(
      ([file, text]) =>
        !isTest(file) && !/generated|^api\/types\//.test(file) && text.split('\n').length > FILE_CEILING + 1,
    )
    .map(
      ([file, text]) =>
        `${file} has ${text.split('\n').length - 1} lines, the ceiling is ${FILE_CEILING}: split it by idea.`,
    )

function eachImport(tree: Tree, check: (file: string, target: string) => string[]): string[] {
  return [...tree].flatMap(([file, text]) =>
    importsOf(file, text).flatMap(({ target, own }) => (own ? check(file, target) : [])),
  )
}
