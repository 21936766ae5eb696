import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../../api/objects.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { type RunResult, systemProcesses } from '../../platform/processes.ts'
import { Lab } from '../lab/lab.ts'
import { kubectl as debianKubectl } from '../peers/index.ts'
import { eventually } from './eventually.ts'

export const VMS = ['master1', 'worker1', 'worker2'] as const
export type Vm = (typeof VMS)[number]

/**
 * A node is lost after this much silence (its heart beats every 10 s), and its pods stay for that long then: shorter than
 * what init sets, so that nobody has to wait for minutes.
 */
export const GRACE_SECONDS = 20
export const STAY_SECONDS = 20

const INIT = [
  'kubox init',
  `--node-monitor-grace-period=${GRACE_SECONDS}s`,
  `--default-unreachable-toleration-seconds=${STAY_SECONDS}`,
  `--default-not-ready-toleration-seconds=${STAY_SECONDS}`,
].join(' ')

/** A cluster of one master and two workers in a lab, and kubectl outside of it. */
export class LabCluster {
  readonly lab: Lab
  folder = ''
  kubectlPath = ''

  constructor(name: string) {
    this.lab = new Lab(`${name}-${process.pid}`)
  }

  /** Powers the VMs on; the cluster is made by `init` and `join`. */
  async up(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'kubox-lab-cluster-'))
    this.kubectlPath = await debianKubectl('1.36')
    await this.lab.up({ masters: 1, workers: 2 })
  }

  async down(): Promise<void> {
    await this.lab.down()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Makes the first VM the master; gives back what `init` said. */
  async init(): Promise<string> {
    const said = await this.lab.sh('master1', INIT, { timeoutMs: 300_000 })
    await this.fetchKubeconfig()
    return said
  }

  get kubeconfig(): string {
    return join(this.folder, 'admin.conf')
  }

  fetchKubeconfig(): Promise<void> {
    return this.lab.copy('master1:/etc/kubernetes/admin.conf', this.kubeconfig)
  }

  kubectl(words: readonly string[], input?: string): Promise<RunResult> {
    return systemProcesses.run(this.kubectlPath, words, {
      env: { KUBECONFIG: this.kubeconfig, HOME: this.folder },
      input,
      timeoutMs: 300_000,
    })
  }

  async succeed(words: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(words, input)
    assert.equal(code, 0, `kubectl ${words.join(' ')}: ${stderr}\n${await this.evidence()}`)
    return stdout
  }

  apply(...items: object[]): Promise<string> {
    return this.succeed(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  }

  readonly evidence = async (): Promise<string> => {
    const looks = [
      ['get', 'pods', '-A', '-o', 'wide'],
      ['get', 'nodes', '-o', 'wide'],
      ['get', 'events', '-A'],
    ]
    const shown = await Promise.all(looks.map(look => this.kubectl([...look, '--request-timeout=10s'])))
    const journals = VMS.map(async vm => {
      const { stdout } = await this.lab.exec(vm, ['journalctl', '-u', 'kubox-*', '-n', '40', '--no-pager', '-o', 'cat'])
      return `--- ${vm}\n${stdout}`
    })
    return [...shown.map(({ stdout, stderr }) => stdout + stderr), ...(await Promise.all(journals))].join('\n')
  }

  until<T>(what: string, ask: () => Promise<T | undefined | false>, deadlineMs = 240_000): Promise<T> {
    return eventually({ what, deadlineMs, everyMs: 500, evidence: this.evidence }, ask)
  }

  /** Undefined while the API server is away. */
  async list<T extends KubeObject>(...words: string[]): Promise<Live<T>[] | undefined> {
    const { code, stdout } = await this.kubectl(['get', ...words, '-o', 'json'])
    return code === 0 ? (JSON.parse(stdout) as { items: Live<T>[] }).items : undefined
  }

  podsOf(app: string): Promise<Live<Pod>[]> {
    return this.until(`kubectl lists the pods of ${app}`, () => this.list<Pod>('pods', '-l', `app=${app}`))
  }

  /** All of them, by name and node, once so many run that are not about to go. */
  running(app: string, count: number, isWanted: (pod: Live<Pod>) => boolean = () => true): Promise<Live<Pod>[]> {
    return this.until(`${count} pods of ${app} run`, async () => {
      const living = (await this.podsOf(app)).filter(pod => !pod.metadata.deletionTimestamp && isReady(pod))
      const found = living.filter(isWanted)
      return found.length === count && found
    })
  }

  /** Waits until the condition Ready of nodes is 'True', 'False' or 'Unknown'. */
  nodesAre(states: Partial<Record<Vm, string>>): Promise<true> {
    return this.until(`nodes are ${JSON.stringify(states)}`, async () => {
      const found = await this.list<Node>('nodes')
      return found !== undefined && Object.entries(states).every(([name, state]) => found.some(is(name, state)))
    })
  }

  /** Which pods, where, and how often their containers have started: changed by nothing but eviction and restarts. */
  async fingerprint(...apps: string[]): Promise<string[]> {
    const found = await Promise.all(apps.map(app => this.podsOf(app)))
    const line = ({ metadata, spec, status }: Live<Pod>) => {
      const restarts = status?.containerStatuses?.map(({ restartCount }) => restartCount)
      return `${metadata.name} ${metadata.uid} ${spec?.nodeName} ${restarts}`
    }
    return found.flat().map(line).sort()
  }

  /** The pods whose containers run on a VM. */
  async containersOn(vm: Vm): Promise<string[]> {
    const format = '{{.Label "io.kubernetes.pod.name"}}'
    const script = `docker ps --filter label=io.kubernetes.pod.name --format '${format}'`
    return [...new Set((await this.lab.sh(vm, script)).split('\n').filter(Boolean))].sort()
  }
}

/** The line that `init` prints for the workers. */
export function joinLineOf(said: string): string {
  const match = /kubox join [^\n]*\\\n[^\n]*/.exec(said)
  assert.ok(match, said)
  return match[0].replace('\\\n', '')
}

const isReady = ({ status }: Pod) => status?.conditions?.some(one => one.type === 'Ready' && one.status === 'True')
const is =
  (name: string, state: string) =>
  ({ metadata, status }: Live<Node>) =>
    metadata.name === name && status?.conditions?.some(one => one.type === 'Ready' && one.status === state)
