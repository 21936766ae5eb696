import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { MemoryLog } from '../../platform/log.ts'
import type { StreamSession } from '../runtime.ts'
import { type CommandStatus, exitStatus, failedStatus, parseSize, type RemoteConsole, runConsole } from './console.ts'
import { sizeReader } from './console-spdy.ts'

describe('the size of a terminal', () => {
  const CASES: [text: string, size: { width: number; height: number } | undefined][] = [
    ['{"Width":100,"Height":30}', { width: 100, height: 30 }],
    ['{"Width":0,"Height":30}', undefined],
    ['{"Width":1e9,"Height":30}', undefined],
    ['{"Width":"100","Height":30}', undefined],
    ['null', undefined],
    ['{"Width":', undefined],
  ]
  for (const [text, size] of CASES) it(text, () => assert.deepEqual(parseSize(text), size))

  it('is read however it is cut', () => {
    const sizes: unknown[] = []
    const read = sizeReader(size => sizes.push(size))
    for (const piece of ['{"Width":1,"Hei', 'ght":2}\n{"Width":3,"Height":4}{"Wid', 'th":5,"Height":6}'])
      read(Buffer.from(piece))
    assert.deepEqual(sizes, [
      { width: 1, height: 2 },
      { width: 3, height: 4 },
      { width: 5, height: 6 },
    ])
  })
})

describe('how a command ended, as clients are told', () => {
  it('well', () => assert.deepEqual(exitStatus(0), { metadata: {}, status: 'Success' }))
  it('without a code, as an attach does', () =>
    assert.deepEqual(exitStatus(undefined), { metadata: {}, status: 'Success' }))
  it('with a code', () => {
    const { reason, details } = exitStatus(7)
    assert.equal(reason, 'NonZeroExitCode')
    assert.deepEqual(details, { causes: [{ reason: 'ExitCode', message: '7' }] })
  })
  it('not at all', () => assert.equal(failedStatus('no such file').message, 'Internal error occurred: no such file'))
})

/** Both ends of a session in memory. */
function stage() {
  const gone = new AbortController()
  const said: CommandStatus[] = []
  const client = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    onResize: () => {},
    finish: (status: CommandStatus) => void said.push(status),
    gone: gone.signal,
  } satisfies RemoteConsole
  let exit = (_code: number) => {}
  let kills = 0
  const program = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    resize: async () => {},
    exited: new Promise<number>(resolve => {
      exit = resolve
    }),
    kill: async () => void kills++,
  } satisfies StreamSession
  const run = () => runConsole(client, async () => program, 'executing command in', new MemoryLog())
  return { client, program, said, gone, run, exit: (code: number) => exit(code), kills: () => kills }
}

describe('a client and a program', () => {
  it('are joined, and the status comes after the last output', async () => {
    const { client, program, said, run, exit } = stage()
    const over = run()
    client.stdin.end('question')
    program.stdin.on('data', text => program.stdout.end(`answer to ${text}`))
    program.stderr.end()
    exit(3)
    let heard = ''
    client.stdout.on('data', text => {
      heard += text
      assert.deepEqual(said, [], 'the status came before the output')
    })
    client.stderr.resume()
    await over
    assert.equal(heard, 'answer to question')
    assert.deepEqual(said, [exitStatus(3)])
  })

  it('part when the client leaves: the program is ended, nobody is told', async () => {
    const { gone, said, run, kills } = stage()
    const over = run()
    gone.abort()
    await over
    assert.equal(kills(), 1)
    assert.deepEqual(said, [])
  })

  it('part with a word when the program breaks off', async () => {
    const { client, program, said, run, kills } = stage()
    const over = run()
    for (const output of [client.stdout, client.stderr]) output.on('error', () => undefined).resume()
    program.stdout.destroy(new Error('the engine has gone'))
    await over
    assert.equal(said[0]?.message, 'Internal error occurred: error executing command in container: the engine has gone')
    assert.equal(kills(), 1)
  })

  it('go on when the program does not read its input', async () => {
    const { client, program, said, run, exit } = stage()
    const over = run()
    client.stdout.resume()
    client.stderr.resume()
    program.stdin.destroy(new Error('EPIPE'))
    program.stdout.end()
    program.stderr.end()
    exit(0)
    await over
    assert.deepEqual(said, [exitStatus(0)])
  })

  it('do not meet when the program cannot be started', async () => {
    const { client, said } = stage()
    const start = () => Promise.reject(new Error('no such file'))
    await runConsole(client, start, 'attaching to', new MemoryLog())
    assert.deepEqual(said, [failedStatus('error attaching to container: no such file')])
  })
})
