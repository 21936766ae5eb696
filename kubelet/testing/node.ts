import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resourcePath } from '../../api/objects.ts'
import type { Event, Pod } from '../../api/types/core-v1.ts'
import { EVENTS, PODS } from '../../client/resources.ts'
import type { Clock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemProcesses } from '../../platform/processes.ts'
import { seededRandom } from '../../platform/random.ts'
import { type Agent, createAgent } from '../agent.ts'
import { type AgentOptions, DEFAULT_OPTIONS } from '../options.ts'
import type { LivePod } from '../pod/pod.ts'
import type { ContainerRuntime } from '../runtime.ts'
import { FakeApi } from './api.ts'

/** One node for tests: an agent on some engine, an API server in memory, and folders of its own. */
export class TestNode {
  readonly api: FakeApi
  readonly log = new MemoryLog('node')
  readonly name: string
  readonly root: string
  readonly options: AgentOptions
  agent: Agent
  #restarting = Promise.resolve()

  static async start(
    runtime: ContainerRuntime,
    clock: Clock,
    name: string,
    more: Partial<AgentOptions> = {},
  ): Promise<TestNode> {
    const root = await fs.mkdtemp(join(tmpdir(), 'kubelet-test-'))
    const node = new TestNode(runtime, clock, name, root, more)
    await node.agent.start()
    return node
  }

  private constructor(
    runtime: ContainerRuntime,
    clock: Clock,
    name: string,
    root: string,
    more: Partial<AgentOptions>,
  ) {
    this.name = name
    this.root = root
    this.api = new FakeApi(clock)
    this.options = {
      ...DEFAULT_OPTIONS,
      ...{ nodeName: name, client: this.api, runtime, clock, random: seededRandom(1), log: this.log },
      ...{ disk: systemDisk, processes: systemProcesses, nodeIp: () => '127.0.0.1' },
      paths: { root: join(root, 'kubelet'), manifests: join(root, 'manifests'), podLogs: join(root, 'pods') },
      ...more,
    }
    this.agent = createAgent(this.options)
  }

  /** The agent is killed and started anew: nothing of its memory is left. One after the other, as scenarios share a node. */
  restart(whileAway = () => {}): Promise<void> {
    const again = async () => {
      await this.agent.stop()
      whileAway()
      await this.begin()
    }
    this.#restarting = this.#restarting.then(again, again)
    return this.#restarting
  }

  /** Starts a new agent, perhaps on an engine that will fail it. */
  begin(runtime = this.options.runtime): Promise<void> {
    this.agent = createAgent({ ...this.options, runtime })
    return this.agent.start()
  }

  /** As SIGKILL does: nothing is waited for, as what it was in the middle of may never end. */
  kill(): void {
    void this.agent.stop()
  }

  async stop(): Promise<void> {
    await this.agent.stop()
    // What the agent was in the middle of may still write a file, and its failure must not hide the test's own.
    await fs.rm(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }

  /** Makes a pod that is bound to this node already. */
  create(name: string, spec: Pod['spec'], metadata: Pod['metadata'] = {}): LivePod {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', generation: 1, ...metadata },
      spec: { nodeName: this.name, restartPolicy: 'Always', ...spec! },
    }
    return this.api.put(this.#path(name), pod) as unknown as LivePod
  }

  pod(name: string): LivePod | undefined {
    return this.api.find<Pod>(PODS, name, 'default')
  }

  change(name: string, change: (pod: LivePod) => LivePod): void {
    this.api.put(this.#path(name), change(this.pod(name)!))
  }

  delete(name: string, graceSeconds?: number): void {
    this.api.markDeleted(this.#path(name), graceSeconds ?? this.pod(name)!.spec.terminationGracePeriodSeconds ?? 30)
  }

  forceDelete(name: string): void {
    this.api.drop(this.#path(name))
  }

  /** Reasons and messages of a pod's events, in order. */
  events(name: string): string[] {
    const events = this.api.all<Event>(EVENTS).filter(event => event.involvedObject.name === name)
    return events.map(event => `${event.reason}: ${event.message}`)
  }

  #path(name: string): string {
    return resourcePath(PODS, { namespace: 'default', name })
  }
}
