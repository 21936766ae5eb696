import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { firstMatch } from '../support/children.ts'
import { eventually } from '../support/eventually.ts'
import { joinLineOf, LabCluster, VMS } from '../support/lab-cluster.ts'
import { lossesHeal, workloadsRun } from './losses.ts'

const PODS = ['web-1', 'web-2', 'web-3', 'web-4']

/** Everything on a VM that a cluster could leave behind, a line each; 127.0.0.11 is the name server of the Docker below. */
const TRACES = `
docker ps -aq | sed 's/^/container /'
docker network ls --format 'network {{.Name}}'
docker volume ls --format 'volume {{.Name}}'
cut -d' ' -f2,3 /proc/mounts | grep -v ' overlay$' | sed 's/^/mount /'
for table in filter nat mangle raw; do
  iptables-save -t $table | grep -v ' 127.0.0.11[ /:]' | sed -n "s/ \\[.*//; s/^[:-]/rule $table &/p"
done
ip -o -4 route | sed 's/ linkdown//; s/^/route /'
ip -o link | sed 's/^[0-9]*: //; s/[@:].*//; s/^/interface /' | grep -v ' veth'
systemctl list-unit-files --no-legend 'kub*' | sed 's/^/unit /'
find / -xdev \\( -path /proc -o -path /sys -o -path /var/lib/docker -o -path /opt/kubox \\) -prune -o -print |
  grep -iE 'kub|/pods|/etcd' | sed 's/^/file /'
`

/** Kinds of traces on any node; the pods of this cluster are on workers. */
const MADE_ANYWHERE = ['network', 'rule', 'route', 'unit', 'file']

const podManifest = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'web', image: 'web', imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 8080 }] }],
  },
})

describe('three VMs, all with the address 10.0.2.15 as well', () => {
  const cluster = new LabCluster('join')
  const { lab, evidence } = cluster
  let joinLine: string
  const untouched = new Map<string, Set<string>>()

  const kubectl = (words: string[]) => cluster.kubectl(words)
  const succeed = (...words: string[]) => cluster.succeed(words)

  before(async () => {
    await cluster.up()
    for (const vm of ['master1', 'worker2']) untouched.set(vm, await tracesOf(vm))
  })
  after(() => cluster.down())

  const movedAddress = async () => (await lab.address('master1')).replace(/\.\d+$/, '.211')
  const tracesOf = async (vm: string) => new Set((await lab.sh(vm, TRACES)).split('\n').filter(Boolean))

  it('init refuses ranges that the VM itself lives in, and names a free one', async () => {
    const taken = `${(await lab.address('master1')).replace(/\.\d+$/, '')}.0/24`
    const { code, stderr } = await lab.exec('master1', ['kubox', 'init', `--pod-network-cidr=${taken}`])
    assert.notEqual(code, 0)
    assert.match(
      stderr,
      /the range of pods, .* overlaps with .*this machine's own network on .*--pod-network-cidr, such as 10\./,
    )
  })

  it('init on one prints the join command, with the address that the others reach', async () => {
    const said = await cluster.init()
    const address = await lab.address('master1')
    const match = /kubox join (\S+):6443 --token (\S+) \\\s+--discovery-token-ca-cert-hash (sha256:[0-9a-f]{64})/.exec(
      said,
    )
    assert.ok(match, said)
    assert.equal(match[1], address)
    assert.match(said, /not 10\.0\.2\.15/)
    assert.match(said, /the disk of \/var\/lib\/etcd makes a write durable in [\d.]+ ms/)
    joinLine = joinLineOf(said)
  })

  it('refuses a wrong hash, an unknown token and swap, each with the way out', async () => {
    const wrong = (line: string) => lab.exec('worker1', ['sh', '-c', line], { timeoutMs: 120_000 })
    const otherCluster = await wrong(joinLine.replace(/sha256:[0-9a-f]{8}/, 'sha256:00000000'))
    assert.notEqual(otherCluster.code, 0)
    assert.match(
      otherCluster.stderr,
      /is not the one that the join command names.*\n.*kubox token create --print-join-command/,
    )
    const unknownToken = await wrong(joinLine.replace(/--token \S+/, '--token abcdef.0123456789abcdef'))
    assert.notEqual(unknownToken.code, 0)
    assert.match(unknownToken.stderr, /token is unknown to the cluster, or has expired\n.*kubox token create/)
    const swaps = 'Filename\tType\tSize\tUsed\tPriority\n/dev/sda5 partition 999420 0 -2\n'
    await lab.sh('worker1', `printf '%b' '${swaps}' > /run/swaps && mount --bind /run/swaps /proc/swaps`)
    const swapOn = await wrong(joinLine)
    await lab.sh('worker1', 'umount /proc/swaps')
    assert.notEqual(swapOn.code, 0)
    assert.match(swapOn.stderr + swapOn.stdout, /\/dev\/sda5/)
    assert.match(swapOn.stderr + swapOn.stdout, /swapoff/)
    assert.match(swapOn.stderr + swapOn.stdout, /--fail-swap-on=false/)
  })

  it('that line makes the two others nodes', async () => {
    // Copied before it is a node; it gets a name and a machine-id of its own, as a careful person would do.
    await lab.clone('worker1', { as: 'twin', newMac: true })
    await lab.sh('twin', 'hostname twin; rm -f /etc/machine-id; dbus-uuidgen > /etc/machine-id')
    const said = await lab.sh('worker1', joinLine, { timeoutMs: 240_000 })
    assert.doesNotMatch(said, /WARNING/)
    const closed = `-p tcp --dport 10250 -s ${await lab.address('master1')} -j DROP`
    await lab.sh('worker2', `iptables -I INPUT ${closed}`)
    const warned = await lab.sh('worker2', joinLine, { timeoutMs: 240_000 })
    assert.match(warned, /WARNING: the master cannot reach this agent on port 10250 \(no answer within 3 s\)/)
    assert.match(warned, new RegExp(`ufw allow from ${await lab.address('master1')} to any port 10250`))
    await lab.sh('worker2', `iptables -D INPUT ${closed}`)
    const rows = (await succeed('get', 'nodes', '-o', 'wide', '--no-headers')).trim().split('\n')
    assert.equal(rows.length, 3)
    for (const row of rows) assert.match(row, /^\S+ +Ready /)
    for (const vm of VMS) {
      assert.ok(
        rows.some(row => row.startsWith(`${vm} `) && row.includes(` `)),
        rows.join('\n'),
      )
    }
    const addresses = await Promise.all(VMS.map(vm => lab.address(vm)))
    for (const address of addresses)
      assert.ok(
        rows.some(row => row.includes(` ${address} `)),
        `${address} in\n${rows.join('\n')}`,
      )
    assert.ok(!rows.some(row => row.includes('10.0.2.15')), rows.join('\n'))
  })

  it('a clone with a name and a machine-id of its own is told by its hardware', async () => {
    const { code, stderr } = await lab.exec('twin', ['sh', '-c', joinLine], { timeoutMs: 120_000 })
    assert.notEqual(code, 0)
    assert.match(stderr, /product_uuid \S+ of node worker1: it is a clone\n.*power this VM off.*--hardwareuuid/)
    await lab.poweroff('twin')
  })

  it('an agent that the master reaches again is said to be reached', async () => {
    const verdict = ['get', 'node', 'worker2', '-o', 'jsonpath={.metadata.annotations.kubox\\.io/agent-reachable}']
    await eventually(
      { what: 'the firewall is open', deadlineMs: 120_000, evidence },
      async () => (await succeed(...verdict)) === 'yes',
    )
    assert.match(await succeed('get', 'events', '-o', 'jsonpath={.items[*].reason}'), /AgentUnreachable/)
  })

  it('spreads pods over the workers', async () => {
    await Promise.all(['worker1', 'worker2'].map(vm => lab.loadImages(vm, ['web'])))
    await cluster.apply(...PODS.map(podManifest))
    await succeed('wait', '--for=condition=Ready', 'pod', '-l', 'app=web', '--timeout=180s')
    const nodes = (await succeed('get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}')).split(' ').sort()
    assert.deepEqual(nodes, ['worker1', 'worker1', 'worker2', 'worker2'])
  })

  for (const pod of PODS) {
    it(`logs, exec and port-forward reach ${pod}`, async () => {
      assert.equal((await succeed('exec', pod, '--', 'hostname')).trim(), pod)
      assert.notEqual(await succeed('logs', pod), '')
      const env = { ...process.env, KUBECONFIG: cluster.kubeconfig }
      const forward = spawn(cluster.kubectlPath, ['port-forward', pod, ':8080'], { env })
      try {
        const said = await firstMatch(forward, /127\.0\.0\.1:(\d+) -> 8080/)
        const answer = await fetch(`http://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(said)?.[1]}/hostname`)
        assert.match(await answer.text(), new RegExp(pod))
      } finally {
        forward.kill()
        await once(forward, 'exit')
      }
    })
  }

  it('pods of different nodes reach each other by their own addresses', async () => {
    const rows = (
      await succeed(
        'get',
        'pods',
        '-o',
        'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP}{"\\n"}{end}',
      )
    )
      .trim()
      .split('\n')
      .map(row => row.split(' '))
    const [from] = rows.find(([, node]) => node === 'worker1') ?? []
    const [target, , address] = rows.find(([, node]) => node === 'worker2') ?? []
    assert.ok(from && target && address)
    const get = `printf 'GET /hostname HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} 8080`
    const answer = await succeed('exec', from, '--', 'sh', '-c', get)
    assert.match(answer, new RegExp(target))
  })

  it('a Service leads to pods of both workers, by name, from every node', async () => {
    await succeed('create', 'service', 'clusterip', 'web', '--tcp=80:8080')
    const ip = await succeed('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
    const ask = (where: string) =>
      `for i in $(seq 60); do printf 'GET /hostname HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${where} 80 | tail -1; done`
    const answerers = (text: string) => [...new Set(text.match(/web-\d/g) ?? [])].sort()
    await eventually(
      { what: 'all pods answer at the Service', deadlineMs: 120_000, everyMs: 500, evidence },
      async () => {
        const { stdout } = await kubectl(['exec', 'web-1', '--', 'sh', '-c', ask(ip)])
        return answerers(stdout).length === PODS.length
      },
    )
    const byName = `print inet_ntoa(scalar gethostbyname("web.default.svc.cluster.local"))`
    for (const pod of PODS) assert.equal(await succeed('exec', pod, '--', 'perl', '-MSocket', '-e', byName), ip)
    for (const vm of ['master1', 'worker1']) {
      const curl = `for i in $(seq 60); do curl -sS --max-time 5 http://${ip}/hostname; done`
      assert.deepEqual(answerers(await lab.sh(vm, curl)), PODS, vm)
    }
  })

  workloadsRun(cluster)

  it('comes back when the power of all three went at once, the master last', async () => {
    const uids = await succeed('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}')
    await Promise.all(VMS.map(vm => lab.poweroff(vm)))
    for (const vm of ['worker2', 'worker1', 'master1']) await lab.poweron(vm)
    await eventually(
      { what: 'all pods answer again after the power cut', deadlineMs: 240_000, everyMs: 1000, evidence },
      async () => {
        for (const pod of PODS) {
          const { code, stdout } = await kubectl(['exec', pod, '--', 'hostname'])
          if (code !== 0 || stdout.trim() !== pod) return false
        }
        return true
      },
    )
    assert.equal(
      await succeed('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}'),
      uids,
      'the same pods, not new ones',
    )
    await eventually({ what: 'all nodes are Ready again', deadlineMs: 180_000, everyMs: 500, evidence }, async () => {
      const { stdout } = await kubectl(['get', 'nodes', '--no-headers'])
      return stdout.match(/ Ready /g)?.length === 3
    })
  })

  lossesHeal(cluster)

  it('init once more refuses what the cluster is built on, and follows the master to another address', async () => {
    const other = await lab.exec('master1', ['kubox', 'init', '--service-cidr=10.112.0.0/12'])
    assert.notEqual(other.code, 0)
    assert.match(
      other.stderr,
      /has --service-cluster-ip-range=10\.96\.0\.0\/12, .*--service-cluster-ip-range=10\.112\.0\.0\/12/,
    )
    const former = await lab.address('master1')
    const address = await movedAddress()
    const move = `ip addr add ${address}/24 dev eth0; kubox init --apiserver-advertise-address=${address}`
    const said = await lab.sh('master1', move, { timeoutMs: 240_000 })
    assert.match(said, new RegExp(`this master was ${former.replaceAll('.', '\\.')} before`))
    const line = joinLineOf(said)
    assert.ok(line.includes(`${address}:6443`), said)
    await lab.sh('worker1', line, { timeoutMs: 240_000 })
    await cluster.fetchKubeconfig()
    assert.match(
      await succeed('config', 'view', '--minify'),
      new RegExp(`https://${address.replaceAll('.', '\\.')}:6443`),
    )
    const onWorker = await succeed(
      'get',
      'pods',
      '-o',
      'jsonpath={.items[?(@.spec.nodeName=="worker1")].metadata.name}',
    )
    const [pod = ''] = onWorker.split(' ')
    assert.equal((await succeed('exec', pod, '--', 'hostname')).trim(), pod)
    const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    assert.equal(await succeed('get', 'node', 'worker1', '-o', ready), 'True')
  })

  it('ends the pods of a VM that is switched off in order: hook, signal, end', async () => {
    const script = "trap 'echo signal >> /host/farewell; exit 0' TERM; sleep 3600 & wait"
    const hook = 'echo hook begins >> /host/farewell; sleep 2; echo hook ends >> /host/farewell'
    const main = {
      ...{ name: 'main', image: 'web', imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script] },
      lifecycle: { preStop: { exec: { command: ['sh', '-c', hook] } } },
      volumeMounts: [{ name: 'host', mountPath: '/host' }],
    }
    const volumes = [{ name: 'host', hostPath: { path: '/root' } }]
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'farewell' } }
    await cluster.apply({ ...pod, spec: { nodeName: 'worker1', volumes, containers: [main] } })
    await succeed('wait', '--for=condition=Ready', 'pod/farewell', '--timeout=180s')
    await lab.exec('worker1', ['systemctl', 'poweroff'])
    const isOff = async () => (await lab.status()).find(vm => vm.name === 'worker1')?.power === 'exited'
    await eventually({ what: 'worker1 is off', deadlineMs: 180_000, everyMs: 200, evidence }, isOff)
    await lab.copy('worker1:/root/farewell', cluster.folder)
    assert.equal(await readFile(join(cluster.folder, 'farewell'), 'utf8'), 'hook begins\nhook ends\nsignal\n')
    const told = ['get', 'pod', 'farewell', '-o', 'jsonpath={.status.phase} {.status.reason}']
    assert.match(await succeed(...told), /^(Failed|Succeeded) Terminated$/)
  })

  for (const vm of ['worker2', 'master1']) {
    it(`reset leaves nothing on ${vm}`, async () => {
      const inUse = await tracesOf(vm)
      const before = untouched.get(vm)!
      const made = [...inUse].filter(trace => !before.has(trace))
      for (const kind of [...(vm === 'master1' ? [] : ['container', 'mount']), ...MADE_ANYWHERE]) {
        assert.ok(
          made.some(trace => trace.startsWith(`${kind} `)),
          `a cluster makes a ${kind}: ${made.join('\n')}`,
        )
      }
      await lab.sh(vm, 'kubox reset --force', { timeoutMs: 240_000 })
      if (vm === 'master1') await lab.sh(vm, `ip addr del ${await movedAddress()}/24 dev eth0`)
      const left = [...(await tracesOf(vm))].filter(trace => !before.has(trace))
      assert.deepEqual(left, [])
      console.log(`${vm}: ${made.length} traces of a cluster, none after the reset`)
    })
  }
})
