import { isIP } from 'node:net'
import { join } from 'node:path'
import { dump, load } from 'js-yaml'
import { type Disk, readTextIfAny, writeFileAtomic } from '../platform/disk.ts'
import type { Layout } from './layout.ts'
import { UserError } from './output.ts'

/** What an agent is told at its start: /var/lib/kubelet/config.yaml, in the words of a KubeletConfiguration. */
export interface AgentConfig {
  nodeName: string
  /** Announced; measured anew at every start when absent. */
  nodeIp?: string
  port: number
  failSwapOn: boolean
  maxPods: number
  /** Whom pods ask for names; [] for the Service kube-system/kube-dns. */
  clusterDNS: string[]
  clusterDomain: string
  nodeLabels: Record<string, string>
  registerWithTaints: { key: string; value?: string; effect: string }[]
  /** Name of the Docker network of this node's pods. */
  podNetwork: string
}

export const DEFAULT_AGENT_CONFIG: Omit<AgentConfig, 'nodeName'> = {
  port: 10250,
  failSwapOn: true,
  maxPods: 110,
  clusterDNS: [],
  clusterDomain: 'cluster.local',
  nodeLabels: {},
  registerWithTaints: [],
  podNetwork: 'kubox',
}

const HEAD = { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' }

const agentConfigPath = (layout: Layout): string => join(layout.kubelet, 'config.yaml')

export async function writeAgentConfig(disk: Disk, layout: Layout, config: AgentConfig): Promise<void> {
  await disk.makeDirectory(layout.kubelet)
  await writeFileAtomic(disk, agentConfigPath(layout), dump({ ...HEAD, ...config }, { skipInvalid: true }), 0o644)
}

export async function readAgentConfig(disk: Disk, layout: Layout): Promise<AgentConfig> {
  const path = agentConfigPath(layout)
  const text = await readTextIfAny(disk, path)
  if (text === undefined) {
    throw new UserError(
      `there is no ${path}: this machine has not joined a cluster`,
      "run 'kubox init' or 'kubox join' first",
    )
  }
  return parseAgentConfig(text, path)
}

export function parseAgentConfig(text: string, path: string): AgentConfig {
  const { apiVersion: _, kind: __, ...given } = load(text) as Record<string, unknown>
  const known = ['nodeName', 'nodeIp', ...Object.keys(DEFAULT_AGENT_CONFIG)]
  const unknown = Object.keys(given).filter(key => !known.includes(key))
  if (unknown.length > 0)
    throw new UserError(`${path}: unknown field ${unknown.join(', ')}`, `known fields: ${known.join(', ')}`)
  const config = { ...DEFAULT_AGENT_CONFIG, ...given } as AgentConfig
  if (typeof config.nodeName !== 'string' || config.nodeName === '')
    throw new UserError(`${path}: nodeName is required`)
  if (config.nodeIp !== undefined && isIP(config.nodeIp) === 0)
    throw new UserError(`${path}: nodeIp ${config.nodeIp} is not an IP address`)
  return config
}
