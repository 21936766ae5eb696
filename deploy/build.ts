/**
 * Makes the release: one JavaScript file, and from it one executable that holds the runtime.
 *
 *     npm run build            build/kubox.cjs and build/kubox
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type OnResolveArgs, type Plugin } from 'esbuild'
import { collectProse } from './prose.ts'

const root = join(import.meta.dirname, '..')
const out = join(root, 'build')
const bundle = join(out, 'kubox.cjs')
/** What runs in a process of its own for long, by its command: it need not hold the rest in memory. */
const ALONE = { agent: './agent/agent.ts', etcd: './etcd.ts' }
const bundleOf = (command: string): string => join(out, `kubox-${command}.cjs`)
const codeCache = `${bundle}.cache`
const launcher = join(out, 'launcher.cjs')
const executable = join(out, 'kubox')
const prose = join(out, 'openapi-prose.json.gz')

/** Parts of libraries that we never reach: Docker over SSH, BuildKit, archives. They cost memory at every start. */
const UNUSED = /^(ssh2|cpu-features|@grpc\/.*|@balena\/dockerignore|protobufjs|tar-fs|thread-stream)$/

/** Left alone, the space for young objects grows to 134 MB under load and stays that large; in a smaller one, what lives shortly is copied over and over. As in the script `kubox`. */
const RUNTIME_FLAGS = ['--max-semi-space-size=16']

/** Puts nothing in the place of what is imported by such a name. */
const leaveOut = (filter: RegExp, isUnused: (found: OnResolveArgs) => boolean = () => true): Plugin => ({
  name: `leave out ${filter}`,
  setup(context) {
    const namespace = `unused ${filter}`
    context.onResolve({ filter }, found => (isUnused(found) ? { path: found.path, namespace } : undefined))
    context.onLoad({ filter: /.*/, namespace }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
  },
})

const unusedParts = leaveOut(UNUSED)
/** cli/main.ts imports each command when it is called: all but this one. */
const othersThan = (command: string): Plugin =>
  leaveOut(
    /^\.\//,
    ({ kind, importer, path }) => kind === 'dynamic-import' && importer.endsWith('cli/main.ts') && path !== command,
  )

async function bundleSources(entry: string, outfile: string, plugins: Plugin[]): Promise<void> {
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // Libraries that ask where they lie: inside the one file.
    define: { 'import.meta.url': '__fileUrl' },
    banner: { js: "const __fileUrl=require('node:url').pathToFileURL(__filename).href;" },
    plugins,
    logLevel: 'warning',
  })
  writeFileSync(outfile, asAscii(readFileSync(outfile, 'utf8')))
}

/** One letter beyond Latin-1 anywhere would make the runtime keep two bytes for every character of a program. */
function asAscii(program: string): string {
  return program.replace(/[\u0080-\uffff]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What `kubectl explain` says, packed. */
function writeProse(): void {
  const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models')
  writeFileSync(prose, gzipSync(JSON.stringify(collectProse(models))))
}

function node(): string {
  return realpathSync(join(root, 'node_modules/.bin/node'))
}

/** Under the flags with which it will be used: V8 takes it with no others. */
function writeCodeCache(): void {
  execFileSync(node(), [...RUNTIME_FLAGS, join(import.meta.dirname, 'code-cache.ts'), bundle, codeCache], {
    stdio: 'pipe',
  })
}

/** Node's single executable application: a copy of the runtime with the bundle inside. */
function makeExecutable(): void {
  const blob = join(out, 'kubox.blob')
  const config = join(out, 'sea.json')
  const files = [bundle, codeCache, ...Object.keys(ALONE).map(bundleOf), prose]
  const assets = Object.fromEntries(files.map(path => [basename(path), path]))
  const content = { main: launcher, output: blob, assets, execArgv: RUNTIME_FLAGS, disableExperimentalSEAWarning: true }
  writeFileSync(config, JSON.stringify(content))
  execFileSync(node(), ['--experimental-sea-config', config], { stdio: 'pipe' })
  // One that runs cannot be written to; it keeps the file it has.
  rmSync(executable, { force: true })
  copyFileSync(node(), executable)
  chmodSync(executable, 0o755)
  stripSymbols()
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
  const postject = join(root, 'node_modules/.bin/postject')
  execFileSync(node(), [realpathSync(postject), executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse], {
    stdio: 'pipe',
  })
}

/** A fifth smaller where binutils is at hand; just as good without. */
function stripSymbols(): void {
  try {
    execFileSync('strip', [executable], { stdio: 'pipe' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

const megabytes = (path: string): string => `${(statSync(path).size / 1e6).toFixed(1)} MB`

mkdirSync(out, { recursive: true })
await bundleSources('cli/main.ts', bundle, [unusedParts])
for (const [command, source] of Object.entries(ALONE)) {
  await bundleSources('cli/main.ts', bundleOf(command), [unusedParts, othersThan(source)])
}
await bundleSources('deploy/executable.ts', launcher, [])
const alone = Object.keys(ALONE).map(command => `${command} alone ${megabytes(bundleOf(command))}`)
console.log(`build/kubox.cjs  ${megabytes(bundle)}, of which ${alone.join(', ')}`)
writeProse()
writeCodeCache()
makeExecutable()
console.log(`build/kubox      ${megabytes(executable)}`)
