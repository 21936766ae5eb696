import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type RunResult, systemProcesses } from '../../platform/processes.ts'
import { docker, dockerWords, machine } from './docker.ts'
import { Lab } from './lab.ts'
import { containerName, LAB_LABEL } from './plan.ts'

const lab = new Lab(`test-${process.pid}`)

/** The verbs as people type them. */
function verb(...words: string[]): Promise<RunResult> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  return systemProcesses.run(process.execPath, [main, '--name', lab.name, ...words], { timeoutMs: 300_000 })
}

async function verbDone(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await verb(...words)
  assert.equal(code, 0, `${words.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

const ping = async (from: string, to: string) => (await lab.exec(from, ['ping', '-c', '1', '-W', '1', to])).code === 0
const identityOf = (vm: string) =>
  lab.sh(vm, 'cat /etc/machine-id /sys/class/dmi/id/product_uuid /sys/class/net/enp0s3/address; hostname')

/** Processes of this machine that belong to a VM, whatever namespaces they made for themselves. */
async function processesOf(containerIds: readonly string[]): Promise<string[]> {
  const all = (await fs.readdir('/proc')).filter(name => /^\d+$/.test(name))
  const found: string[] = []
  for (const pid of all) {
    const { code, stdout } = await readCgroups(pid)
    if (code === 0 && containerIds.some(id => stdout.includes(id))) found.push(pid)
  }
  return found
}

async function readCgroups(pid: string): Promise<{ code: number; stdout: string }> {
  // A process may end between the listing and the reading.
  return fs.readFile(`/proc/${pid}/cgroup`, 'utf8').then(
    stdout => ({ code: 0, stdout }),
    () => ({ code: 1, stdout: '' }),
  )
}

before(() => lab.up({ masters: 1, workers: 2 }))
after(() => lab.down())

describe('up', () => {
  it('gives running VMs with systemd and a Docker Engine each', async () => {
    const vms = await lab.status()
    assert.deepEqual(
      vms.map(vm => [vm.name, vm.role, vm.power]),
      [
        ['master1', 'master', 'running'],
        ['worker1', 'worker', 'running'],
        ['worker2', 'worker', 'running'],
      ],
    )
    for (const { name } of vms) {
      assert.equal(await lab.sh(name, 'systemctl is-system-running; hostname'), `running\n${name}\n`)
      assert.match(await lab.sh(name, 'docker info -f "{{.Driver}} {{.Containers}}"'), /^overlay2 0$/m)
    }
  })

  it('gives every VM an identity of its own', async () => {
    const identities = await Promise.all(['master1', 'worker1', 'worker2'].map(identityOf))
    const lines = identities.flatMap(identity => identity.trim().split('\n'))
    assert.equal(lines.length, 12)
    assert.equal(new Set(lines).size, 12, identities.join())
  })

  it('gives every VM two adapters: 10.0.2.15 with the default route, and one on which they meet', async () => {
    for (const name of ['master1', 'worker1', 'worker2']) {
      assert.match(await lab.sh(name, 'ip -4 -o addr show enp0s3'), /10\.0\.2\.15\/24/)
      assert.match(await lab.sh(name, 'ip route show default'), /via 10\.0\.2\.2 dev enp0s3/)
      assert.ok(await ping(name, '10.0.2.2'), `${name} reaches its gateway`)
    }
    assert.ok(await ping('worker1', await lab.address('master1')))
    assert.match((await lab.exec('worker1', ['ping', '-c', '1', '-W', '1', '203.0.113.1'])).stdout, /Unreachable/)
    const NOT_FOUND = 2
    assert.equal((await lab.exec('worker1', ['timeout', '2', 'getent', 'hosts', 'nowhere.example'])).code, NOT_FOUND)
  })

  it('shows every VM the checkout, and Node runs in it', async () => {
    assert.match(await lab.sh('worker1', '/opt/kubox/node_modules/.bin/node --version'), /^v24\./)
    assert.match(await lab.sh('worker1', 'readlink -f /usr/local/bin/kubox'), /^\/opt\/kubox\/kubox$/m)
    assert.match(await lab.sh('worker1', 'kubectl version --client'), /v1\.32/)
    await assert.rejects(lab.sh('worker1', 'touch /opt/kubox/file'), /Read-only/)
  })

  it('runs containers from loaded images and from the registry of the lab', async () => {
    await lab.loadImages('worker1', ['busybox'])
    assert.equal(await lab.sh('worker1', 'docker run --rm -m 32m busybox echo loaded'), 'loaded\n')
    assert.match(await lab.sh('worker2', 'docker pull jimbae/http_go && docker pull k8s.gcr.io/busybox'), /Downloaded/)
  })

  it('refuses to stand up twice, and a second lab does not meet the first', async () => {
    const again = await verb('up')
    assert.equal(again.code, 1)
    assert.match(again.stderr, /stands already/)
    assert.deepEqual(await new Lab(`${lab.name}-other`).status(), [])
  })
})

describe('exec', () => {
  it('hands back output and exit code, and takes input', async () => {
    const result = await verb('exec', 'worker1', '--', 'sh', '-c', 'hostname; echo trouble >&2; exit 7')
    assert.deepEqual(result, { code: 7, stdout: 'worker1\n', stderr: 'trouble\n' })
    assert.equal((await lab.exec('worker1', ['cat'], { input: 'typed' })).stdout, 'typed')
  })

  it('leaves options after the VM to the command', async () => {
    assert.equal(await verbDone('exec', 'worker1', 'echo', '-n', '--help'), '--help')
  })

  it('names the VMs there are when there is none of that name', async () => {
    await assert.rejects(lab.exec('worker9', ['true']), /no VM worker9; its VMs: master1, worker1, worker2/)
  })
})

describe('copy', () => {
  it('copies to a VM and back', async () => {
    const folder = await fs.mkdtemp(join(tmpdir(), 'kubox-lab-test-'))
    await fs.writeFile(join(folder, 'there'), 'and back')
    await verbDone('copy', join(folder, 'there'), 'worker1:/root/there')
    await verbDone('copy', 'worker1:/root/there', join(folder, 'back'))
    assert.equal(await fs.readFile(join(folder, 'back'), 'utf8'), 'and back')
    await fs.rm(folder, { recursive: true })
  })
})

describe('pretend', () => {
  it('shows one VM a file that the others do not see, until it reboots', async () => {
    const swaps = 'Filename Type Size Used Priority\n/dev/sda2 partition 1048572 0 -2\n'
    const real = await lab.sh('worker1', 'cat /proc/swaps')
    await lab.pretend('worker2', '/proc/swaps', swaps)
    assert.equal(await lab.sh('worker2', 'cat /proc/swaps'), swaps)
    assert.equal(await lab.sh('worker1', 'cat /proc/swaps'), real)
    await lab.reboot('worker2')
    assert.equal(await lab.sh('worker2', 'cat /proc/swaps'), real)
  })
})

describe('reboot and poweroff', () => {
  // Written when the unit is stopped in good order, and only then.
  const WITNESS = `printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/rm -f /root/shut-down\\nExecStop=/usr/bin/touch /root/shut-down\\n' > /etc/systemd/system/witness.service
    systemctl daemon-reload; systemctl start witness; cat /proc/sys/kernel/random/boot_id > /dev/null; touch /root/kept /run/lost`

  it('a reboot shuts down in good order; disks, identity and adapters stay', async () => {
    const before = await identityOf('worker2')
    const address = await lab.address('worker2')
    await lab.sh('worker2', WITNESS)
    await verbDone('reboot', 'worker2')
    await lab.sh('worker2', '[ -e /root/shut-down ] && [ -e /root/kept ] && [ ! -e /run/lost ]')
    assert.equal(await identityOf('worker2'), before)
    assert.equal(await lab.address('worker2'), address)
    assert.ok(await ping('worker2', '10.0.2.2'))
    assert.ok(await ping('worker2', await lab.address('master1')))
    assert.match(await lab.sh('worker2', 'docker images -q k8s.gcr.io/busybox'), /\w/)
  })

  it('a power cut tells nobody', async () => {
    await lab.sh('worker2', WITNESS)
    await verbDone('poweroff', 'worker2')
    assert.match(await verbDone('status'), /worker2 +worker +exited/)
    await assert.rejects(lab.address('worker2'), /no address: it is exited/)
    await verbDone('poweron', 'worker2')
    await lab.sh('worker2', '[ ! -e /root/shut-down ] && [ -e /root/kept ]')
    assert.ok(await ping('master1', await lab.address('worker2')))
  })
})

describe('suspend and resume', () => {
  it('everything in the VM stands still, containers too, and runs on', async () => {
    const count = async (path: string) => Number(await machine('wc', ['-l', path]).then(said => said.split(' ')[0]))
    const mountpoint = await docker(['volume', 'inspect', '-f', '{{.Mountpoint}}', containerName(lab.name, 'worker1')])
    const ticks = join(mountpoint.trim(), 'ticks')
    await lab.sh(
      'worker1',
      `docker run -d --name ticker -v /var/lib/docker:/host busybox sh -c 'while :; do echo tick >> /host/ticks; sleep 0.02; done'
      until [ -s /var/lib/docker/ticks ]; do sleep 0.02; done`,
    )
    await verbDone('suspend', 'worker1')
    assert.match(await verbDone('status'), /worker1 +worker +paused/)
    const asleep = await count(ticks)
    await machine('sleep', ['0.3'])
    assert.equal(await count(ticks), asleep)
    await verbDone('resume', 'worker1')
    await lab.sh(
      'worker1',
      `until [ $(wc -l < /var/lib/docker/ticks) -gt ${asleep} ]; do sleep 0.02; done; docker rm -f ticker`,
    )
  })
})

describe('cut and heal', () => {
  it('cuts one wire both ways, and mends it', async () => {
    const [master, worker1, worker2] = await Promise.all(['master1', 'worker1', 'worker2'].map(vm => lab.address(vm)))
    await verbDone('cut', 'master1', 'worker1')
    assert.equal(await ping('master1', worker1!), false)
    assert.equal(await ping('worker1', master!), false)
    assert.equal(await ping('worker1', worker2!), true)
    assert.equal(await ping('master1', worker2!), true)
    await verbDone('heal')
    assert.equal(await ping('master1', worker1!), true)
  })
})

describe('the NAT Network', () => {
  it('passes on what VMs route to each other, as pod networks do', async () => {
    await lab.sh('worker1', 'ip addr add 10.244.77.1/32 dev lo')
    await lab.sh('master1', `ip route add 10.244.77.0/24 via ${await lab.address('worker1')}`)
    assert.ok(await ping('master1', '10.244.77.1'))
  })
})

describe('clone', () => {
  it('copies a VM with its disks, its engine and its identity', async () => {
    await lab.sh('worker2', 'echo joined > /etc/state; docker create --name kept k8s.gcr.io/busybox true')
    assert.equal(await verbDone('clone', 'worker2', 'twin'), 'twin\n')
    assert.equal(await identityOf('twin'), await identityOf('worker2'))
    const hardware = 'cat /sys/class/net/eth0/address'
    assert.equal(await lab.sh('twin', hardware), await lab.sh('worker2', hardware))
    assert.equal(await lab.sh('twin', 'cat /etc/state; docker ps -a --format "{{.Names}}"'), 'joined\nkept\n')
    assert.notEqual(await lab.address('twin'), await lab.address('worker2'))
  })

  it('with --new-mac both copies can be on the network at once', async () => {
    await verbDone('poweroff', 'twin')
    await verbDone('clone', 'worker2', 'sibling', '--new-mac')
    assert.ok(await ping('master1', await lab.address('sibling')))
    assert.ok(await ping('master1', await lab.address('worker2')))
  })
})

describe('down', () => {
  it('leaves no container, network, volume, image, namespace, rule or process', async () => {
    const label = ['--filter', `label=${LAB_LABEL}=${lab.name}`]
    await verbDone('cut', 'master1', 'worker1')
    await lab.sh('master1', 'docker pull -q busybox && docker run -d --name left busybox sleep 3600')
    const ids = await dockerWords(['ps', '-aq', '--no-trunc', ...label])
    assert.ok((await processesOf(ids)).length > 10)
    await verbDone('down')
    for (const what of ['network', 'volume', 'image'])
      assert.deepEqual(await dockerWords([what, 'ls', '-q', ...label]), [], what)
    assert.deepEqual(await dockerWords(['ps', '-aq', ...label]), [])
    assert.doesNotMatch(await machine('ip', ['netns', 'list']), new RegExp(`kubox-lab\\.${lab.name}\\.`))
    assert.doesNotMatch(await machine('nft', ['list', 'tables']), new RegExp(lab.name.replaceAll('-', '_')))
    assert.deepEqual(await processesOf(ids), [])
  })

  it('has nothing to do when nothing stands', async () => {
    await verbDone('down')
    assert.match(await verbDone('status'), /has no VMs/)
  })
})
