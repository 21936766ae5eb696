import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Disk, systemDisk } from '../../platform/disk.ts'
import type { RuntimeInfo } from '../runtime.ts'
import { clockProblems } from './clock.ts'
import { describeProblems, enabledControllers, engineProblems, missingControllers } from './preflight.ts'
import { fixSwap, offForGood, parseSwaps, type SwapSources, swapProblems } from './swap.ts'

const SWAPS = `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority
/dev/sda5                               partition\t1048572\t\t0\t\t-2
/swap\\040file                           file\t\t524284\t\t0\t\t-3
/dev/zram0                              partition\t204796\t\t0\t\t100
`

const NOWHERE: SwapSources = { fstab: '', units: new Map(), aliases: new Map() }
const FSTAB = `# /etc/fstab
UUID=abcd none swap sw 0 0
#/dev/sda5 none swap sw 0 0
/dev/sda1 / ext4 defaults 0 1
`

const CASES: { title: string; path: string; sources: Partial<SwapSources>; problem: RegExp; remedy: RegExp }[] = [
  {
    title: 'by its identity in fstab',
    path: '/dev/sda5',
    sources: { fstab: FSTAB, aliases: new Map([['/dev/sda5', ['UUID=abcd']]]) },
    problem:
      /swap is on: \/dev\/sda5 \(partition, 1024 MiB\); it comes back at boot by \/etc\/fstab line 2 \("UUID=abcd none swap sw 0 0"\)/,
    remedy:
      /swapoff \/dev\/sda5 && sed -i '2 s\/\^\/#\/' \/etc\/fstab; or let --fix-swap do so; or run with --fail-swap-on=false/,
  },
  {
    title: 'by a unit',
    path: '/dev/sda5',
    sources: { units: new Map([['dev-sda5.swap', '[Swap]\nWhat=/dev/sda5\n']]) },
    problem: /comes back at boot by systemd unit dev-sda5\.swap/,
    remedy: /swapoff \/dev\/sda5 && systemctl mask dev-sda5\.swap;/,
  },
  {
    title: 'compressed memory',
    path: '/dev/zram0',
    sources: {},
    problem: /by a zram device/,
    remedy: /systemctl mask --now systemd-zram-setup@zram0\.service/,
  },
  {
    title: 'by hand',
    path: '/dev/sda5',
    sources: { fstab: FSTAB },
    problem: /nothing found that brings it back at boot/,
    remedy: /turn it off for good with: swapoff \/dev\/sda5; or let/,
  },
]

describe('swap', () => {
  it('is read from the kernel', () => {
    assert.deepEqual(
      parseSwaps(SWAPS).map(device => device.path),
      ['/dev/sda5', '/swap file', '/dev/zram0'],
    )
    assert.deepEqual(parseSwaps('Filename Type Size Used Priority\n'), [])
  })

  for (const { title, path, sources, problem, remedy } of CASES) {
    it(`comes back ${title}`, () => {
      const device = parseSwaps(SWAPS).find(one => one.path === path)!
      const [found] = swapProblems([device], { ...NOWHERE, ...sources })
      assert.match(found!.problem, problem)
      assert.match(found!.remedy, remedy)
    })
  }

  it('has a name with a blank: quoted as one types it', () => {
    const [, file] = parseSwaps(SWAPS)
    assert.match(swapProblems([file!], NOWHERE)[0]!.remedy, /swapoff '\/swap file';/)
    assert.deepEqual(offForGood(file!, NOWHERE), [['swapoff', '/swap file']])
  })

  it('is turned off for good, device by device, each command told before it runs', async () => {
    const files: Record<string, string> = { '/proc/swaps': SWAPS, '/etc/fstab': '/dev/sda5 none swap sw 0 0\n' }
    const [ran, told] = [[] as string[], [] as string[]]
    const run = async (command: string, args: readonly string[]) => {
      ran.push([command, ...args].join(' '))
      return { code: 0, stdout: '', stderr: '' }
    }
    await fixSwap(diskWith(files), { run }, command => told.push(command))
    const expected = [
      'swapoff /dev/sda5',
      'sed -i 1 s/^/#/ /etc/fstab',
      'swapoff /swap file',
      'swapoff /dev/zram0',
      'systemctl mask --now systemd-zram-setup@zram0.service',
    ]
    assert.deepEqual(ran, expected)
    assert.equal(told[1], "sed -i '1 s/^/#/' /etc/fstab")
    assert.equal(told.length, expected.length)
  })

  it('that cannot be turned off is an error, and nothing further is tried', async () => {
    const run = async () => ({ code: 255, stdout: '', stderr: 'swapoff: Cannot allocate memory' })
    const disk = diskWith({ '/proc/swaps': SWAPS })
    await assert.rejects(
      fixSwap(disk, { run }, () => {}),
      /swapoff \/dev\/sda5 ended with code 255.*Cannot allocate memory/s,
    )
  })

  it('is told of device by device', () => {
    assert.equal(swapProblems(parseSwaps(SWAPS), NOWHERE).length, 3)
  })
})

const engine = (version: string, apiVersion: string) => ({ version, apiVersion }) as RuntimeInfo

describe('the clock', () => {
  const MINUTE = 60_000
  const CASES: [offsetMs: number, problem: RegExp | undefined][] = [
    [0, undefined],
    [30_000, undefined],
    [-30_000, undefined],
    [30_001, /is 30 s behind the master's/],
    [-45_000, /is 45 s ahead of the master's/],
    [90_000, /is 1 min 30 s behind/],
    [123 * MINUTE, /is 2 h 3 min behind/],
    [-60 * MINUTE - 59_000, /is 1 h ahead of/],
    [3 * 1440 * MINUTE + 5 * 60 * MINUTE, /is 3 d 5 h behind/],
  ]
  for (const [offset, problem] of CASES) {
    it(`${offset / 1000} s off`, () => {
      const found = clockProblems(offset)
      assert.equal(found.length, problem ? 1 : 0)
      if (!problem) return
      assert.match(found[0]!.problem, problem)
      assert.match(found[0]!.remedy, /timedatectl set-ntp true/)
    })
  }
})

describe('the engine', () => {
  it('is new enough', () => {
    assert.deepEqual(engineProblems(engine('20.10.24', '1.41')), [])
    assert.deepEqual(engineProblems(engine('28.5.2', '1.51')), [])
    assert.match(
      engineProblems(engine('19.03', '1.40'))[0]!.problem,
      /Docker 19\.03 speaks API 1\.40, API 1\.41 is needed/,
    )
  })
})

describe('cgroups', () => {
  it('have the controllers that limits need', () => {
    const text = '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t2\t1\nmemory\t0\t2\t0\npids\t3\t2\t1\n'
    assert.deepEqual(enabledControllers(text), ['cpu', 'pids'])
    assert.match(missingControllers(enabledControllers(text))[0]!.problem, /no cgroup controller for memory/)
    assert.deepEqual(missingControllers(['cpu', 'cpuset', 'memory', 'pids']), [])
  })
})

describe('problems', () => {
  it('are told one a line, each with its remedy', () => {
    const text = describeProblems([
      { problem: 'a', remedy: 'b' },
      { problem: 'c', remedy: 'd' },
    ])
    assert.equal(text, 'a. To fix it, b\nc. To fix it, d')
  })
})

/** A disk with these files and no others. */
function diskWith(files: Record<string, string>): Disk {
  const absent = () => Object.assign(new Error('no such file'), { code: 'ENOENT' })
  const read = async (path: string) => {
    if (files[path] === undefined) throw absent()
    return Buffer.from(files[path])
  }
  return { ...systemDisk, read, list: async () => [] }
}
