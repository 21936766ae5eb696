import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs/promises'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { DockerRuntime } from '../../kubelet/docker/runtime.ts'
import type { ExecOptions, StreamSession } from '../../kubelet/runtime.ts'
import type { LogSource } from '../../kubelet/serve/backend.ts'
import { FakeStreamBackend, runningPod } from '../../kubelet/serve/fake.ts'
import { createNetnsDialer, type PodDialer } from '../../kubelet/serve/netns.ts'
import { systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { ensureImage } from '../images/index.ts'
import { kubectls } from '../peers/index.ts'
import { collect, finish, until } from '../support/running.ts'
import { type StreamServer, startStreamServer } from './stream-server.ts'

/** A web server that listens on its loopback only, and one that speaks first. */
const COMMAND = [
  'sh',
  '-c',
  'echo started; echo from within > /page; httpd -p 127.0.0.1:8080 -h /; exec nc -ll -p 8081 -e sh -c "echo hello; exec cat"',
]

/** One real container as a pod: exec, attach, logs and ports are Docker's. */
class OneContainer extends FakeStreamBackend {
  readonly runtime = new DockerRuntime(systemClock)
  readonly dialer: PodDialer = createNetnsDialer({ clock: systemClock, log: new MemoryLog() })
  id = ''

  async start(network: string): Promise<void> {
    await ensureImage('busybox')
    this.id = await this.runtime.create({
      name: `streams-test-${process.pid}-${network}`,
      image: 'busybox',
      labels: { room: 'streams-test' },
      command: COMMAND,
      ...{ env: [], mounts: [], resources: {}, security: {} },
      networkMode: network,
    })
    await this.runtime.start(this.id)
    const pod = runningPod('web')
    pod.status!.containerStatuses![0]!.containerID = `docker://${this.id}`
    this.list.splice(0, 1, pod)
  }

  async remove(): Promise<void> {
    this.dialer.close()
    await this.runtime.kill(this.id, 'SIGKILL')
    await this.runtime.remove(this.id)
  }

  override async logs(id: string): Promise<LogSource | undefined> {
    const detail = await this.runtime.inspect(id)
    return detail && { path: detail.logPath, running: detail.state === 'running' }
  }
  override exec(id: string, options: ExecOptions): Promise<StreamSession> {
    return this.runtime.exec(id, options)
  }
  override attach(id: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession> {
    return this.runtime.attach(id, options)
  }
  override async connect(_pod: unknown, port: number): Promise<Duplex> {
    const detail = await this.runtime.inspect(this.id)
    return await this.dialer.connect(detail!.pid, port)
  }
}

for (const network of ['bridge', 'none']) {
  describe(`streams to a real container, network ${network}`, async () => {
    const backend = new OneContainer()
    let server: StreamServer
    before(async () => {
      await backend.start(network)
      server = await startStreamServer(backend)
    })
    after(async () => {
      await server.close()
      await backend.remove()
    })

    for (const { version, path } of await kubectls()) {
      describe(`kubectl ${version}`, () => {
        const kubectl = (...args: string[]) =>
          spawn(path, args, { env: { ...process.env, KUBECONFIG: server.kubeconfig } })

        it('exec: outputs, input and exit code', async () => {
          const child = kubectl('exec', '-i', 'web', '--', 'sh', '-c', 'cat; echo err >&2; exit 7')
          const { code, stdout, stderr } = await finish(child, Buffer.from('typed\n'))
          assert.equal(stdout.toString(), 'typed\n', stderr)
          assert.match(stderr, /^err\n/)
          assert.equal(code, 7)
        })

        it('exec -it: a terminal of the right size, and the exit code', async () => {
          const command = `stty rows 30 cols 100; exec ${path} --kubeconfig ${server.kubeconfig} exec -it web -- sh`
          const terminal = spawn('script', ['-qfec', command, '/dev/null'], {
            env: { ...process.env, SHELL: '/bin/sh' },
          })
          const seen = collect(terminal)
          await until(() => /# /.test(seen.text()), seen.text)
          // The size comes on a way of its own, perhaps after the prompt.
          const asking = setInterval(() => terminal.stdin.write('stty size\n'), 200)
          await until(() => /30 100/.test(seen.text()), seen.text).finally(() => clearInterval(asking))
          terminal.stdin.write('exit 5\n')
          assert.deepEqual(await once(terminal, 'close'), [5, null], seen.text())
        })

        it('exec: a program that is not there', async () => {
          const { code, stderr } = await finish(kubectl('exec', 'web', '--', 'no-such-program'))
          assert.notEqual(code, 0)
          assert.match(stderr, /no-such-program|exit code 12[67]/)
        })

        it('exec: a killed client leaves no process behind', async () => {
          const seconds = String(100_000 + Math.floor(performance.now()))
          const child = kubectl('exec', 'web', '--', 'sh', '-c', `echo started; sleep ${seconds} & sleep ${seconds}`)
          const seen = collect(child)
          await until(() => seen.text().includes('started'), seen.text)
          child.kill('SIGKILL')
          const running = async () => {
            const commands = (await fs.readdir('/proc')).filter(name => /^\d+$/.test(name)).map(commandOf)
            return (await Promise.all(commands)).filter(command => command === `sleep ${seconds}`)
          }
          const end = performance.now() + 10_000
          while ((await running()).length > 0) assert.ok(performance.now() < end, 'the program goes on')
        })

        it('logs', async () => {
          const { stdout } = await finish(kubectl('logs', 'web', '--timestamps', '--tail=1'))
          assert.match(stdout.toString(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z started\n$/)
        })

        it('port-forward: a server on 127.0.0.1 inside, and one that speaks first', async () => {
          const child = kubectl('port-forward', 'pod/web', ':8080', ':8081', '--address', '127.0.0.1')
          const seen = collect(child)
          const forwarding = (to: number) =>
            new RegExp(`Forwarding from 127\\.0\\.0\\.1:(\\d+) -> ${to}`).exec(seen.text())
          await until(() => forwarding(8080) !== null && forwarding(8081) !== null, seen.text)
          const [web, greeter] = [8080, 8081].map(to => Number(forwarding(to)![1]))
          for (let round = 0; round < 3; round++) {
            assert.match(await say(web!, 'GET /page HTTP/1.0\r\n\r\n'), /\r\n\r\nfrom within\n$/)
            assert.equal(await say(greeter!, `round ${round}\n`), `hello\nround ${round}\n`)
          }
          child.kill()
          await once(child, 'close')
        })
      })
    }
  })
}

async function commandOf(pid: string): Promise<string> {
  try {
    return (await fs.readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()
  } catch {
    // It ended meanwhile.
    return ''
  }
}

async function say(port: number, words: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const heard = text(socket)
  socket.end(words)
  return await heard
}
