import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Script } from 'node:vm'
import { asFunction } from './function.ts'

// `node code-cache.ts BUNDLE CACHE`: what V8 makes of a bundle up to where the server would begin to work. With that at
// hand a start neither parses nor compiles it again. Only the very same V8 takes it; any other does without.
const [bundle = '', cache = ''] = process.argv.slice(2)
const script = new Script(asFunction(readFileSync(bundle, 'latin1')), { filename: bundle })
process.argv = [process.execPath, bundle, 'server', '--help']
process.on('exit', () => writeFileSync(cache, script.createCachedData()))
script.runInThisContext()({}, createRequire(bundle), { exports: {} }, bundle, dirname(bundle))
