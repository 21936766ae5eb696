import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Script } from 'node:vm'
import { asFunction } from '../../deploy/function.ts'

declare const require: NodeJS.Require

/** Starts the server's bundle as a release starts: with what V8 made of it in an earlier run, which is the first here. */
const [bundle = '', ...words] = process.argv.slice(2)
const cache = `${bundle}.cache`
const cachedData = existsSync(cache) ? readFileSync(cache) : undefined
const script = new Script(asFunction(readFileSync(bundle, 'latin1')), { filename: bundle, cachedData })
process.argv.splice(1, process.argv.length - 1, bundle, ...words)
if (!cachedData) process.on('exit', () => writeFileSync(cache, script.createCachedData()))
script.runInThisContext()({}, require, { exports: {} }, bundle, dirname(bundle))
