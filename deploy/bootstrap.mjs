/**
 * The first thing that `npm start` and `npm test` run, on the machine's own Node 20: brings what is missing and hands over
 * to the Node that the project brings along. Plain JavaScript with no dependencies, since there are none yet.
 *
 *     node deploy/bootstrap.mjs [--docker] [--test] FILE.ts [ARGUMENTS]
 *
 * --docker also brings Docker Engine and the packet filter tools, and starts dockerd where no systemd does;
 * --test also brings what tests need: debootstrap and a local image registry.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const words = process.argv.slice(2)
const wants = new Set()
while (words[0]?.startsWith('--')) wants.add(words.shift())

const DOCKERD_LOG = '/var/log/kubox/dockerd.log'

function fail(message) {
  console.error(`kubox: ${message}`)
  process.exit(1)
}

/** Runs a step that may take a while: says what, for how long, and shows its output only when it fails. */
function step(title, command, args, options = {}) {
  const started = Date.now()
  process.stderr.write(`  ${title} ... `)
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options })
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  if (result.status === 0) return process.stderr.write(`done in ${seconds} s\n`)
  process.stderr.write(`failed after ${seconds} s\n`)
  fail(`${command} ${args.join(' ')}\n${result.error?.message ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`)
}

/** npm's own record of what it installed is older than the lock file, or absent. */
function dependenciesAreStale() {
  const record = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record) || !existsSync(join(root, 'node_modules/.bin/node'))) return true
  return statSync(record).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs
}

function bringDependencies() {
  if (!dependenciesAreStale()) return
  step('installing npm packages', 'npm', ['ci', '--no-audit', '--no-fund'])
}

function has(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

/** Programs, and the Debian and Ubuntu packages that have them. */
const PACKAGES = {
  '--docker': { dockerd: 'docker.io', iptables: 'iptables', nft: 'nftables', ip: 'iproute2', nsenter: 'util-linux' },
  '--test': { debootstrap: 'debootstrap', 'docker-registry': 'docker-registry', openssl: 'openssl', curl: 'curl' },
}

function bringPackages() {
  const programs = Object.assign({}, ...[...wants].map(want => PACKAGES[want] ?? {}))
  const missing = Object.keys(programs).filter(program => !has(program))
  if (missing.length === 0) return
  if (process.getuid() !== 0)
    fail(`missing: ${missing.join(', ')}; run as root, or install ${missing.map(name => programs[name]).join(' ')}`)
  const packages = [...new Set(missing.map(name => programs[name]))]
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  step('reading package lists', 'apt-get', ['update', '-qq'], { env })
  step(
    `installing ${packages.join(', ')}`,
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
    { env },
  )
}

function dockerAnswers() {
  return (
    spawnSync('curl', [
      '-s',
      '--max-time',
      '2',
      '--unix-socket',
      '/var/run/docker.sock',
      'http://docker/_ping',
    ]).stdout?.toString() === 'OK' ||
    spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 5000 }).status === 0
  )
}

/** Where systemd runs, Docker is its business; elsewhere (a container, a small VM) we start dockerd ourselves. */
function bringDocker() {
  if (!wants.has('--docker') || dockerAnswers()) return
  if (existsSync('/run/systemd/system')) {
    step('starting Docker', 'systemctl', ['start', 'docker'])
  } else {
    mkdirSync(dirname(DOCKERD_LOG), { recursive: true })
    const log = openSync(DOCKERD_LOG, 'a')
    const child = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    child.unref()
    if (child.pid) writeFileSync('/run/kubox-dockerd.pid', String(child.pid))
  }
  waitForDocker()
}

function waitForDocker() {
  process.stderr.write('  waiting for Docker ... ')
  const deadline = Date.now() + 60_000
  while (!dockerAnswers()) {
    if (Date.now() > deadline) fail(`dockerd does not answer after 60 s; its last words:\n${lastLines(DOCKERD_LOG)}`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  process.stderr.write('up\n')
}

function lastLines(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-15).join('\n') : '(no log)'
}

/** Hands over to the project's Node, signals and exit code included. */
function handOver() {
  const node = join(root, 'node_modules/.bin/node')
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, words[0]), ...words.slice(1)], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
}

bringDependencies()
bringPackages()
bringDocker()
handOver()
