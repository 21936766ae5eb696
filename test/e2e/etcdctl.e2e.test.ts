import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { type RunResult, systemProcesses } from '../../platform/processes.ts'
import { normalOutput } from '../etcd/normal.ts'
import { EtcdProcess, KUBOX_ETCD } from '../etcd/servers.ts'
import { type EtcdPrograms, etcd } from '../peers/index.ts'
import { eventually } from '../support/eventually.ts'

/**
 * One command after the other, on both stores; each must say the same and end alike. `$LEASE`: the lease granted last,
 * `$MEMBER`: the one that the store began with.
 */
interface Step {
  run: string
  input?: string
  /** What is compared, where it is less than all. Members come in the order of their ids, which differ. */
  compare?: 'code' | 'unordered'
}

const steps = (...runs: (string | Step)[]): Step[] => runs.map(run => (typeof run === 'string' ? { run } : run))

const CASES: Record<string, Step[]> = {
  'put and get': steps(
    'put foo bar',
    'put foo baz --prev-kv',
    'put foo1 one',
    'put foo2 two',
    'put other 1',
    'get foo',
    'get foo -w json',
    'get foo -w fields',
    'get foo -w simple --print-value-only',
    'get foo --prefix',
    'get foo --prefix --keys-only',
    'get foo --prefix --limit 2',
    'get foo --prefix --limit 2 -w json',
    'get foo --prefix --sort-by=MODIFY --order=DESCEND',
    'get foo --prefix --sort-by=VALUE',
    'get foo --prefix --sort-by=CREATE --order=ASCEND',
    'get foo --prefix --sort-by=VERSION',
    'get foo foo2',
    'get foo1 --from-key',
    'get foo --rev=2',
    'get foo --rev=1000',
    'get foo --hex',
    'get foo --consistency=s',
    'get nothing',
    'put foo --ignore-value',
    'get foo -w json',
    'put nothing --ignore-value',
    'put foo more --ignore-lease',
    { run: 'put piped', input: 'from standard input' },
    'get piped',
    'put foo value --lease=1234',
  ),
  delete: steps(
    'put d1 1',
    'put d2 2',
    'put d3 3',
    'put e 4',
    'del d1 --prev-kv',
    'del d1',
    'del d --prefix --prev-kv',
    'del d2 e',
    'del e --from-key',
    'get d --prefix',
  ),
  transactions: steps(
    'put t1 1',
    { run: 'txn', input: 'value("t1") = "1"\n\nput t2 2\nget t1\n\nput t3 3\n\n' },
    { run: 'txn', input: 'mod("t1") > "100000"\n\nput t2 2\n\nget t1\ndel t2\n\n' },
    { run: 'txn -w json', input: 'ver("t1") = "1"\ncreate("nothing") = "0"\n\nget t1\nput t4 4\n\n\n' },
    { run: 'txn', input: 'val("t1") < "2"\n\nput same 1\nput same 2\n\n\n' },
    { run: 'txn', input: 'create("t1") > "0"\n\ndel t --prefix\n\n\n' },
    'get t --prefix',
  ),
  leases: steps(
    'lease grant 100',
    'put l1 1 --lease=$LEASE',
    'put l2 2 --lease=$LEASE',
    'lease timetolive $LEASE',
    'lease timetolive $LEASE --keys',
    'lease list',
    'lease keep-alive --once $LEASE',
    'lease revoke $LEASE',
    'get l --prefix',
    'lease timetolive $LEASE',
    'lease revoke $LEASE',
    'lease keep-alive --once $LEASE',
    'lease grant 0',
    'lease grant 1 -w json',
  ),
  locks: steps('lock mylock echo held', 'lock mylock --ttl 5 echo again', 'get mylock --prefix'),
  'compaction and hashes': steps(
    'put c 1',
    'put c 2',
    'put c 3',
    'put gone 1',
    'del gone',
    'endpoint hashkv',
    'endpoint hashkv --rev=3',
    'compaction 4',
    'endpoint hashkv',
    'get c --rev=2',
    'compaction 4',
    'compaction 100000',
    'compaction 5 --physical',
    'endpoint hashkv',
    // At the deletion itself.
    'compaction 6',
    'endpoint hashkv',
    'put c 4',
    'compaction 7',
    'endpoint hashkv',
    'defrag',
    'get c --prefix',
  ),
  cluster: steps(
    'endpoint health',
    { run: 'endpoint status', compare: 'code' },
    { run: 'endpoint status -w json', compare: 'code' },
    'member list',
    'member list -w json',
    'member remove 1234abcd',
    'member promote 1234abcd',
    'member update 1234abcd --peer-urls=http://127.0.0.1:9',
    'member update $MEMBER --peer-urls=http://127.0.0.1:9,http://127.0.0.1:10',
    'member update $MEMBER --peer-urls=nonsense',
    'member list',
    { run: 'member add learner --learner --peer-urls=http://127.0.0.1:1', compare: 'unordered' },
    'member add learner2 --learner --peer-urls=http://127.0.0.1:2',
    // The id is made of address and second: which of two errors comes depends on the clock.
    { run: 'member add again --peer-urls=http://127.0.0.1:1', compare: 'code' },
    { run: 'member list', compare: 'unordered' },
    'move-leader 1234abcd',
  ),
  alarms: steps('alarm list', 'alarm disarm'),
  'many keys': steps(
    { run: 'check datascale --load=s', compare: 'code' },
    'get --prefix /etcdctl-check --count-only -w fields',
  ),
}

for (const age of ['3.4', '3.5.30'] as const) {
  describe(`etcdctl ${age} on kubox and on etcd-server ${age}`, () => {
    let programs: EtcdPrograms
    before(async () => {
      programs = await etcd(age)
    })

    for (const [name, list] of Object.entries(CASES)) {
      it(name, { timeout: 400_000 }, async () => {
        const both = await Promise.all([KUBOX_ETCD, [programs.etcd]].map(command => EtcdProcess.start({ command })))
        const [ours, theirs] = both as [EtcdProcess, EtcdProcess]
        try {
          await compare(programs.etcdctl, list, ours, theirs)
        } finally {
          await Promise.all(both.map(server => server.stop()))
        }
      })
    }

    it('watches: a key, a prefix, from a revision, with previous values, interactively', {
      timeout: 400_000,
    }, async () => {
      const both = await Promise.all([KUBOX_ETCD, [programs.etcd]].map(command => EtcdProcess.start({ command })))
      try {
        const [ours, theirs] = await Promise.all(both.map(server => watchStory(programs.etcdctl, server)))
        assert.equal(ours, theirs)
      } finally {
        await Promise.all(both.map(server => server.stop()))
      }
    })

    it('elects and mirrors', { timeout: 400_000 }, async () => {
      const both = await Promise.all([KUBOX_ETCD, [programs.etcd]].map(command => EtcdProcess.start({ command })))
      try {
        const [ours, theirs] = await Promise.all(both.map(server => electionStory(programs.etcdctl, server)))
        assert.equal(ours, theirs)
        for (const [source, target] of [both, [...both].reverse()]) {
          await mirrorStory(programs.etcdctl, source!, target!)
        }
      } finally {
        await Promise.all(both.map(server => server.stop()))
      }
    })

    it('fills up, raises the alarm, and recovers', { timeout: 400_000 }, async () => {
      const flags = ['--quota-backend-bytes', String(8 * 1024 * 1024)]
      const both = await Promise.all(
        [KUBOX_ETCD, [programs.etcd]].map(command => EtcdProcess.start({ command, flags })),
      )
      const [ours, theirs] = both as [EtcdProcess, EtcdProcess]
      try {
        const large = 'x'.repeat(1_000_000)
        for (const server of both) {
          for (let i = 0; i < 12; i++) await ctl(programs.etcdctl, server, ['put', 'large'], large)
        }
        const recover = steps(
          { run: 'put large', input: large },
          'put small 1',
          'alarm list',
          // How many fit before the store is full is a matter of the file's layout.
          { run: 'get large --count-only -w fields', compare: 'code' },
          { run: 'compaction 3', compare: 'code' },
          'del large',
        )
        await compare(programs.etcdctl, recover, ours, theirs)
        for (const server of both) {
          const { header } = JSON.parse((await ctl(programs.etcdctl, server, ['get', 'large', '-w', 'json'])).stdout)
          await ctl(programs.etcdctl, server, ['compaction', String(header.revision)])
        }
        await compare(
          programs.etcdctl,
          steps('defrag', 'alarm disarm', 'alarm list', 'put small 1', 'get small'),
          ours,
          theirs,
        )
      } finally {
        await Promise.all(both.map(server => server.stop()))
      }
    })

    it('moves backups both ways', { timeout: 400_000 }, () => backupStory(programs))
  })
}

async function compare(etcdctl: string, list: readonly Step[], ours: EtcdProcess, theirs: EtcdProcess): Promise<void> {
  const leases = new Map<EtcdProcess, string>()
  for (const step of list) {
    const results = await Promise.all([ours, theirs].map(server => runStep(etcdctl, step, server, leases)))
    const [mine, real] = results as [RunResult, RunResult]
    const said = (result: RunResult, server: EtcdProcess) => {
      const all = normalOutput(`${result.stdout}\n${result.stderr}`, server)
      if (step.compare === 'unordered') return all.split(/[\n,"]/).sort()
      return step.compare === 'code' ? '' : all
    }
    const both = [
      { code: mine.code, said: said(mine, ours) },
      { code: real.code, said: said(real, theirs) },
    ]
    assert.deepEqual(
      both[0],
      both[1],
      `etcdctl ${step.run}\nkubox: ${mine.stdout}${mine.stderr}\netcd: ${real.stdout}${real.stderr}`,
    )
  }
}

async function runStep(
  etcdctl: string,
  { run, input }: Step,
  server: EtcdProcess,
  leases: Map<EtcdProcess, string>,
): Promise<RunResult> {
  const member = run.includes('$MEMBER') ? await firstMember(etcdctl, server) : ''
  const words = run.split(' ').map(word => word.replace('$LEASE', leases.get(server) ?? '').replace('$MEMBER', member))
  const result = await ctl(etcdctl, server, words, input)
  const granted = /lease ([0-9a-f]+) granted/.exec(result.stdout)
  if (granted) leases.set(server, granted[1]!)
  return result
}

async function firstMember(etcdctl: string, server: EtcdProcess): Promise<string> {
  return (await ctl(etcdctl, server, ['member', 'list'])).stdout.split(',')[0]!
}

function ctl(etcdctl: string, server: EtcdProcess, words: readonly string[], input?: string): Promise<RunResult> {
  const env = { ETCDCTL_API: '3' }
  return systemProcesses.run(etcdctl, ['--endpoints', server.endpoint, ...words], { input, env, timeoutMs: 180_000 })
}

/** Several watches at once, then changes; what the watches said, each by itself. */
async function watchStory(etcdctl: string, server: EtcdProcess): Promise<string> {
  const write = (...words: string[]) => ctl(etcdctl, server, words)
  await write('put', 'w/a', '1')
  await write('put', 'w/a', '2')
  const watches = [
    new Watching(etcdctl, server, ['w/a'], 2),
    new Watching(etcdctl, server, ['w/', '--prefix', '--prev-kv'], 5),
    new Watching(etcdctl, server, ['w/a', '--rev=2'], 4),
    new Watching(etcdctl, server, ['-i'], 3, 'watch w/b\n'),
    new Watching(etcdctl, server, ['-i'], 4, 'watch --rev=2 w/a\n'),
    new Watching(etcdctl, server, ['w/', 'w/b', '-w', 'fields'], 2),
  ]
  try {
    // A watch says nothing until something happens: a marker key is written until all have heard of theirs.
    await Promise.all(watches.map(watch => watch.connected()))
    await write('put', 'w/a', '3')
    await write('put', 'w/b', 'b')
    await write('del', 'w/a')
    await write('put', 'w/b', 'c')
    await write('del', 'w/', '--prefix')
    await Promise.all(watches.map(watch => watch.settled()))
    return watches.map(watch => `${watch.args}\n${normalOutput(watch.said, server)}`).join('\n\n')
  } finally {
    for (const watch of watches) watch.stop()
  }
}

class Watching {
  readonly args: string
  said = ''
  readonly #child: ChildProcess
  readonly #server: EtcdProcess
  readonly #events: number

  constructor(etcdctl: string, server: EtcdProcess, args: readonly string[], events: number, input?: string) {
    this.args = args.join(' ')
    this.#server = server
    this.#events = events
    const env = { ...process.env, ETCDCTL_API: '3' }
    this.#child = spawn(etcdctl, ['--endpoints', server.endpoint, 'watch', ...args], { env })
    this.#child.stdout!.on('data', chunk => {
      this.said += chunk
    })
    if (input) this.#child.stdin!.write(input)
  }

  /** The server's own count of watches says when this one is there. */
  async connected(): Promise<void> {
    await eventually({ what: 'the watches are there', deadlineMs: 120_000, evidence: () => this.said }, async () => {
      const metrics = await (await fetch(`http://${this.#server.endpoint}/metrics`)).text()
      const count = /^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(metrics)?.[1] ?? '0'
      return Number(count) >= 6
    })
  }

  /** An event is printed in several pieces: the last one is there when nothing more follows. */
  async settled(): Promise<void> {
    let before = ''
    const options = { what: `watch ${this.args} hears everything`, everyMs: 300, evidence: () => this.said }
    await eventually(options, async () => {
      const unchanged = this.said === before
      before = this.said
      return unchanged && (this.said.match(/PUT|DELETE/g) ?? []).length >= this.#events
    })
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }
}

/** Two candidates and somebody who looks on; the first ends, and the second leads. */
async function electionStory(etcdctl: string, server: EtcdProcess): Promise<string> {
  const elect = (...args: string[]) => new Talking(etcdctl, server, ['elect', 'office', ...args])
  const first = elect('first')
  try {
    await first.says(/first/)
    const second = elect('second')
    const observer = elect('--listen')
    await observer.says(/first/)
    first.interrupt()
    await second.says(/second/)
    await observer.says(/second/)
    second.interrupt()
    const said = normalOutput(`${first.said}--\n${second.said}--\n${observer.said}`, server)
    observer.interrupt()
    return said
  } finally {
    first.interrupt()
  }
}

/** What is in one store, and what is written meanwhile, comes to the other. */
async function mirrorStory(etcdctl: string, source: EtcdProcess, target: EtcdProcess): Promise<void> {
  const prefix = `mirror-${source.spec.clientPort}/`
  for (let i = 0; i < 5; i++) await ctl(etcdctl, source, ['put', `${prefix}${i}`, `before ${i}`])
  const mirror = new Talking(etcdctl, source, ['make-mirror', '--prefix', prefix, target.endpoint])
  const keys = async (server: EtcdProcess) => (await ctl(etcdctl, server, ['get', '--prefix', prefix])).stdout
  try {
    await eventually({ what: 'the past is mirrored' }, async () => (await keys(target)) === (await keys(source)))
    await ctl(etcdctl, source, ['put', `${prefix}new`, 'after'])
    await ctl(etcdctl, source, ['del', `${prefix}3`])
    await eventually({ what: 'the present is mirrored' }, async () => (await keys(target)) === (await keys(source)))
    assert.match(await keys(target), /after/)
  } finally {
    mirror.interrupt()
  }
}

/** A command that goes on until it is told to stop. */
class Talking {
  said = ''
  readonly #child: ChildProcess

  constructor(etcdctl: string, server: EtcdProcess, args: readonly string[]) {
    const env = { ...process.env, ETCDCTL_API: '3' }
    this.#child = spawn(etcdctl, ['--endpoints', server.endpoint, ...args], { env })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', chunk => {
        this.said += chunk
      })
    }
  }

  async says(pattern: RegExp): Promise<void> {
    await eventually({ what: `${pattern} is said`, evidence: () => this.said }, async () => pattern.test(this.said))
  }

  interrupt(): void {
    this.#child.kill('SIGINT')
  }
}

/** A backup of kubox restored into a real etcd, and a backup of a real etcd restored into kubox. */
async function backupStory(programs: EtcdPrograms): Promise<void> {
  for (const [from, to] of [
    ['kubox', 'etcd'],
    ['etcd', 'kubox'],
  ] as const) {
    const command = (kind: string) => (kind === 'kubox' ? KUBOX_ETCD : [programs.etcd])
    const source = await EtcdProcess.start({ command: command(from) })
    const target = await EtcdProcess.launch({ command: ['true'] })
    try {
      await fill(programs.etcdctl, source)
      const file = `${source.spec.directory}/backup.db`
      assert.equal((await ctl(programs.etcdctl, source, ['snapshot', 'save', file])).code, 0)
      const status = await ctl(programs.etcdctl, source, ['snapshot', 'status', file, '-w', 'json'])
      assert.equal(JSON.parse(status.stdout).revision, 20)
      await restore(to, programs, file, target)
      target.spec.command = command(to)
      await target.restart()
      await target.ready()
      assert.deepEqual(await content(programs.etcdctl, target), await content(programs.etcdctl, source))
      assert.equal((await ctl(programs.etcdctl, target, ['put', 'after', 'restore'])).code, 0)
    } finally {
      await source.stop()
      await target.stop()
    }
  }
}

/** Nineteen revisions: 100 keys three times over, a few changes, some deletions, a lease. */
async function fill(etcdctl: string, server: EtcdProcess): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const puts = Array.from({ length: 100 }, (_, i) => `put key${i} value${i}-${round}`).join('\n')
    const result = await ctl(etcdctl, server, ['txn'], `\n${puts}\n\n\n`)
    if (result.code !== 0) throw new Error(result.stderr)
  }
  for (let i = 0; i < 10; i++) await ctl(etcdctl, server, ['put', 'often', 'x'.repeat(i * 1000)])
  for (let i = 0; i < 5; i++) await ctl(etcdctl, server, ['del', `key${i * 7}`])
  const granted = /lease ([0-9a-f]+)/.exec((await ctl(etcdctl, server, ['lease', 'grant', '600'])).stdout)!
  await ctl(etcdctl, server, ['put', 'leased', '1', `--lease=${granted[1]}`])
}

async function content(etcdctl: string, server: EtcdProcess): Promise<unknown> {
  const { kvs } = JSON.parse((await ctl(etcdctl, server, ['get', '', '--prefix', '-w', 'json'])).stdout)
  return kvs
}

async function restore(kind: string, programs: EtcdPrograms, file: string, target: EtcdProcess): Promise<void> {
  const peerUrl = `http://127.0.0.1:${target.spec.peerPort}`
  const flags = ['--data-dir', `${target.spec.directory}/data`, '--initial-cluster', `default=${peerUrl}`]
  const args = ['snapshot', 'restore', file, '--initial-advertise-peer-urls', peerUrl, ...flags]
  const [program, ...first] = kind === 'kubox' ? KUBOX_ETCD : [programs.etcdutl ?? programs.etcdctl]
  const result = await systemProcesses.run(program!, [...first, ...args], { env: { ETCDCTL_API: '3' } })
  assert.equal(result.code, 0, `${result.stdout}${result.stderr}`)
}
