import { join } from 'node:path'
import { dump, load } from 'js-yaml'
import type { Pod } from '../api/types/core-v1.ts'
import { type Disk, readTextIfAny, writeFileAtomic } from '../platform/disk.ts'
import { UserError } from './output.ts'

/** The parts of a control plane, in the order in which they start. */
export const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
export type Component = (typeof COMPONENTS)[number]

/** Flags by name, without the dashes. */
export type Flags = ReadonlyMap<string, string>

export function sameFlags(a: Flags, b: Flags): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)
}

/**
 * Marks the manifests whose program runs inside `kubox server` and not as a container: the agent leaves them alone, the
 * server reports them as mirror pods.
 */
export const BUILT_IN_ANNOTATION = 'kubox.io/built-in'

/** A static pod as kubeadm writes it: the one place where a component's flags stand. */
export function manifestOf(component: Component, flags: Flags, version: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: component,
      namespace: 'kube-system',
      labels: { component, tier: 'control-plane' },
      annotations: { [BUILT_IN_ANNOTATION]: component },
    },
    spec: {
      containers: [
        {
          name: component,
          image: `kubox:${version}`,
          imagePullPolicy: 'Never',
          command: [component, ...Array.from(flags, ([name, value]) => `--${name}=${value}`)],
        },
      ],
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
    },
  }
}

export const manifestPath = (directory: string, component: Component): string => join(directory, `${component}.yaml`)

export async function writeManifest(
  disk: Disk,
  directory: string,
  component: Component,
  flags: Flags,
  version: string,
): Promise<void> {
  await disk.makeDirectory(directory)
  const text = dump(manifestOf(component, flags, version), { lineWidth: -1, noRefs: true })
  await writeFileAtomic(disk, manifestPath(directory, component), text, 0o600)
}

/** The flags that stand in a component's manifest; undefined when there is none. */
export async function readManifestFlags(
  disk: Disk,
  directory: string,
  component: Component,
): Promise<Flags | undefined> {
  const path = manifestPath(directory, component)
  const text = await readTextIfAny(disk, path)
  return text === undefined ? undefined : flagsOfManifest(text, path, component)
}

export function flagsOfManifest(text: string, path: string, component: Component): Flags {
  let pod: Pod
  try {
    pod = load(text) as Pod
  } catch (cause) {
    throw new UserError(`${path} is not YAML: ${cause instanceof Error ? cause.message : cause}`, undefined, { cause })
  }
  const container = pod?.spec?.containers?.[0]
  const [program, ...words] = [...(container?.command ?? []), ...(container?.args ?? [])]
  if (program !== component) throw new UserError(`${path}: spec.containers[0].command must begin with ${component}`)
  return new Map(words.map(word => parseFlag(word, path)))
}

function parseFlag(word: string, path: string): [string, string] {
  const match = /^--?([a-z][\w-]*)(?:=(.*))?$/s.exec(word)
  if (!match) throw new UserError(`${path}: ${JSON.stringify(word)} is not a flag`, 'write every flag as --name=value')
  return [match[1]!, match[2] ?? 'true']
}
