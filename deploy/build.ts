/**
 * Makes the release: one JavaScript file, and from it one executable that holds the runtime.
 *
 *     npm run build            build/kubox.cjs and build/kubox
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import { collectProse } from './prose.ts'

const root = join(import.meta.dirname, '..')
const out = join(root, 'build')
const bundle = join(out, 'kubox.cjs')
const executable = join(out, 'kubox')
const prose = join(out, 'openapi-prose.json.gz')

/** Parts of libraries that we never reach: Docker over SSH, BuildKit's session. They cost memory at every start. */
const UNUSED = /^(ssh2|cpu-features|@grpc\/.*|@balena\/dockerignore)$/

const leaveOut: Plugin = {
  name: 'leave out what is never used',
  setup(context) {
    context.onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: 'unused' }))
    context.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
  },
}

async function bundleSources(): Promise<void> {
  await build({
    entryPoints: [join(root, 'cli/main.ts')],
    outfile: bundle,
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
    plugins: [leaveOut],
    logLevel: 'warning',
  })
}

/** What `kubectl explain` says, packed. */
function writeProse(): void {
  const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models')
  writeFileSync(prose, gzipSync(JSON.stringify(collectProse(models))))
}

/** Node's single executable application: a copy of the runtime with the bundle inside. */
function makeExecutable(): void {
  const blob = join(out, 'kubox.blob')
  const config = join(out, 'sea.json')
  const assets = { [basename(prose)]: prose }
  writeFileSync(config, JSON.stringify({ main: bundle, output: blob, assets, disableExperimentalSEAWarning: true }))
  const node = realpathSync(join(root, 'node_modules/.bin/node'))
  execFileSync(node, ['--experimental-sea-config', config], { stdio: 'pipe' })
  copyFileSync(node, executable)
  chmodSync(executable, 0o755)
  stripSymbols()
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
  const postject = join(root, 'node_modules/.bin/postject')
  execFileSync(node, [realpathSync(postject), executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse], {
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
await bundleSources()
console.log(`build/kubox.cjs  ${megabytes(bundle)}`)
writeProse()
makeExecutable()
console.log(`build/kubox      ${megabytes(executable)}`)
