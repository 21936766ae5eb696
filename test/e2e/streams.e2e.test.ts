import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import * as fs from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FakeStreamBackend, runningPod } from '../../kubelet/serve/fake.ts'
import { extraKubectls, type Kubectl, kubectls } from '../peers/index.ts'
import { collect, finish, until } from '../support/running.ts'
import { type StreamServer, startStreamServer } from './stream-server.ts'

const MEGABYTE = 1024 * 1024
const BULK = Buffer.alloc(50 * MEGABYTE, 'kubox streams\n')

const EXTRA = ['1.27', '1.31', '1.33']
const all = [...(await kubectls()), ...(await extraKubectls()).filter(({ version }) => EXTRA.includes(version))]

describe('streams with a real kubectl', () => {
  let backend: FakeStreamBackend
  let server: StreamServer
  let folder: string

  before(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), 'kubox-streams-'))
    backend = new FakeStreamBackend()
    const pod = runningPod('web')
    pod.status!.containerStatuses![0]!.lastState = { terminated: { exitCode: 1, containerID: 'docker://web-before' } }
    backend.list.push(pod)
    server = await startStreamServer(backend, folder)
  })
  after(() => server.close())

  for (const version of all) describe(`kubectl ${version.version}`, () => suite(version))

  function suite({ path }: Kubectl): void {
    const kubectl = (...args: string[]) => spawn(path, args, { env: { ...process.env, KUBECONFIG: server.kubeconfig } })
    const run = async (args: string[], input?: Buffer) => await finish(kubectl(...args), input)

    it('exec: both outputs and the exit code come back', async () => {
      const { code, stdout, stderr } = await run(['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
      assert.equal(stdout.toString(), 'out\n')
      assert.match(stderr, /^err\n/)
      assert.match(stderr, /command terminated with exit code 7/)
      assert.equal(code, 7)
    })

    it('exec -i: input ends where it ends', async () => {
      const { code, stdout } = await run(['exec', '-i', 'web', '--', 'wc', '-c'], Buffer.from('12345'))
      assert.equal(stdout.toString().trim(), '5')
      assert.equal(code, 0)
    })

    it('exec -i: 50 MB there and back, byte for byte', async () => {
      const { code, stdout, stderr } = await run(['exec', '-i', 'web', '--', 'cat'], BULK)
      assert.equal(code, 0, stderr)
      assert.equal(stdout.length, BULK.length)
      assert.equal(digest(stdout), digest(BULK))
    })

    it('exec -it: the size of the terminal arrives, and so do its changes', async () => {
      const go = join(folder, `go-${Math.floor(performance.now() * 1000)}`)
      const command = [
        'stty rows 30 cols 100; tty=$(tty)',
        `(while [ ! -e ${go} ]; do sleep 0.1; done; stty -F $tty rows 44 cols 133) &`,
        `exec ${path} --kubeconfig ${server.kubeconfig} exec -it web -- cat`,
      ].join('\n')
      const terminal = spawn('script', ['-qfec', command, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh' } })
      const seen = collect(terminal)
      await until(() => seen.text().includes('size 100x30'), seen.text)
      await fs.writeFile(go, '')
      await until(() => seen.text().includes('size 133x44'), seen.text)
      terminal.kill()
      await once(terminal, 'close')
    })

    it('exec: a program whose client has gone is ended', async () => {
      const before = backend.killed
      const child = kubectl('exec', '-i', 'web', '--', 'sh', '-c', 'echo started; exec sleep 1000')
      const seen = collect(child)
      await until(() => seen.text().includes('started'), seen.text)
      child.kill('SIGKILL')
      await until(
        () => backend.killed > before,
        () => JSON.stringify(server.log.entries.slice(-5)),
      )
    })

    it('exec: says in words what cannot be run', async () => {
      const missing = await run(['exec', 'web', '--', 'no-such-program'])
      assert.match(missing.stderr, /Internal error occurred: error executing command in container: .*no-such-program/)
      assert.equal(missing.code, 1)
      const other = await run(['exec', 'web', '-c', 'other', '--', 'true'])
      assert.match(other.stderr, /container other is not valid for pod web/)
      const noPod = await run(['exec', 'absent', '--', 'true'])
      assert.match(noPod.stderr, /pods "absent" not found/)
    })

    it('attach -i: joins the program that runs', async () => {
      const { stdout } = await run(['attach', '-i', 'web'], Buffer.from('is anybody there\n'))
      assert.match(stdout.toString(), /is anybody there/)
    })

    it('cp: 50 MB in and out', async () => {
      const [source, inside, back] = ['source', 'inside', 'back'].map(name => join(folder, name))
      await fs.writeFile(source!, BULK)
      const there = await run(['cp', source!, `web:${inside}`])
      assert.equal(there.code, 0, there.stderr)
      const andBack = await run(['cp', `web:${inside}`, back!])
      assert.equal(andBack.code, 0, andBack.stderr)
      assert.equal(digest(await fs.readFile(back!)), digest(BULK))
    })

    it('logs: tail, timestamps, limit, since, previous', async () => {
      const log = await writeLog('web-main', 20)
      await writeLog('web-before', 1, 'the run before')
      const cases: [args: string[], expected: string][] = [
        [['--tail=2'], 'line 18\nline 19\n'],
        [['--tail=1', '--timestamps'], '2026-01-01T00:00:19.500000000Z line 19\n'],
        [['--limit-bytes=10'], 'line 0\nlin'],
        [['--since-time=2026-01-01T00:00:18Z'], 'line 18\nline 19\n'],
        [['--previous'], 'the run before 0\n'],
      ]
      for (const [args, expected] of cases) {
        const { stdout, stderr } = await run(['logs', 'web', ...args])
        assert.equal(stdout.toString(), expected, `${args}: ${stderr}`)
      }
      await fs.rm(log)
    })

    it('logs -f: follows across rotations until the container ends', async () => {
      const log = await writeLog('web-main', 2)
      const child = kubectl('logs', '-f', 'web')
      const seen = collect(child)
      await until(() => seen.text().includes('line 1\n'), seen.text)
      for (let round = 1; round <= 3; round++) {
        await fs.appendFile(log, entry(`last of ${round}\n`, 30))
        await fs.rm(`${log}.2`, { force: true })
        await fs.rename(`${log}.1`, `${log}.2`).catch(() => undefined)
        await fs.rename(log, `${log}.1`)
        await fs.writeFile(log, entry(`first of ${round + 1}\n`, 31))
      }
      await until(() => seen.text().includes('first of 4\n'), seen.text)
      backend.logSources.set('web-main', { path: log, running: false })
      await fs.appendFile(log, entry('the very last\n', 32))
      assert.deepEqual(await once(child, 'close'), [0, null])
      const rounds = [1, 2, 3].map(round => `last of ${round}\nfirst of ${round + 1}\n`)
      assert.equal(seen.text(), `line 0\nline 1\n${rounds.join('')}the very last\n`)
      for (const name of [log, `${log}.1`, `${log}.2`]) await fs.rm(name)
    })

    it('port-forward: two downloads at once, an upload with half-close, small echoes', async () => {
      await withForward(serveTest, async port => {
        const [one, two] = await Promise.all([talk(port, 'download\n'), talk(port, 'download\n')])
        assert.equal(digest(one), digest(BULK))
        assert.equal(digest(two), digest(BULK))
        const upload = Buffer.concat([Buffer.from('upload\n'), BULK])
        assert.equal((await talk(port, upload)).toString(), digest(BULK))
        const millis = await echoes(port, 100)
        assert.ok(millis < 20, `an echo took ${millis.toFixed(2)} ms`)
      })
    })

    it('port-forward: a refused connection ends alone, and the session outlives a restart of the server', async () => {
      await withForward(serveTest, async (port, pod) => {
        const open = connect(port, '127.0.0.1')
        open.write('echo\n')
        open.write('still here')
        assert.equal((await once(open, 'data'))[0].toString(), 'still here')
        pod.close()
        assert.equal((await talk(port, 'download\n')).length, 0)
        open.write('and still')
        assert.equal((await once(open, 'data'))[0].toString(), 'and still')
        open.destroy()
        const restarted = await listen(serveTest)
        backend.ports.set(8080, portOf(restarted))
        assert.equal((await talk(port, 'download\n')).length, BULK.length)
        restarted.close()
      })
    })

    async function withForward(serve: (socket: Socket) => void, use: (port: number, pod: Server) => Promise<void>) {
      const pod = await listen(serve)
      backend.ports.set(8080, portOf(pod))
      const child = kubectl('port-forward', 'pod/web', ':8080', '--address', '127.0.0.1')
      const seen = collect(child)
      const forwarding = /Forwarding from 127\.0\.0\.1:(\d+)/
      await until(() => forwarding.test(seen.text()), seen.text)
      try {
        await use(Number(forwarding.exec(seen.text())![1]), pod)
        assert.equal(child.exitCode, null, seen.text())
      } catch (error) {
        console.error(seen.text(), JSON.stringify(server.log.entries.slice(-10)))
        throw error
      } finally {
        child.kill()
        await once(child, 'close')
        pod.close()
      }
    }
  }

  async function writeLog(containerId: string, lines: number, words = 'line'): Promise<string> {
    const path = join(folder, `${containerId}-json.log`)
    await fs.writeFile(path, Array.from({ length: lines }, (_, at) => entry(`${words} ${at}\n`, at)).join(''))
    backend.logSources.set(containerId, { path, running: true })
    return path
  }
})

function entry(log: string, second: number): string {
  const time = `2026-01-01T00:00:${String(second).padStart(2, '0')}.5Z`
  return `${JSON.stringify({ log, stream: 'stdout', time })}\n`
}

/** Does what the first line asks for: `download`, `upload` (answers with a digest once all is read), `echo`. */
function serveTest(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.once('data', (first: Buffer) => {
    const rest = first.subarray(first.indexOf('\n') + 1)
    const word = first.toString('latin1', 0, first.indexOf('\n'))
    if (word === 'download') socket.end(BULK)
    if (word === 'echo') {
      socket.write(rest)
      socket.pipe(socket)
    }
    if (word !== 'upload') return
    const hash = createHash('sha1').update(rest)
    socket.on('data', chunk => hash.update(chunk))
    socket.on('end', () => socket.end(hash.digest('hex')))
  })
}

async function listen(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Says its piece, half-closes, and reads until the other side has ended. */
async function talk(port: number, words: string | Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write(words)
  if (words.length > 100) socket.end()
  const chunks: Buffer[] = []
  try {
    for await (const chunk of socket) chunks.push(chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
  }
  socket.destroy()
  return Buffer.concat(chunks)
}

/** The mean time in milliseconds of a few bytes there and back. */
async function echoes(port: number, count: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write('echo\n')
  const started = performance.now()
  for (let round = 0; round < count; round++) {
    socket.write('ping')
    await once(socket, 'data')
  }
  socket.destroy()
  return (performance.now() - started) / count
}

function digest(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex')
}
