import type { KubeObject } from '../../../api/objects.ts'
import type { Namespace, PodSpec } from '../../../api/types/core-v1.ts'
import { deepEqual } from '../../../api/values.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import type { Lister } from '../lister.ts'
import { isAbout, refuse } from '../refuse.ts'
import { type Level, type PodAnnotated, violations } from './checks.ts'

const PREFIX = 'pod-security.kubernetes.io/'
const LEVELS = new Set<string>(['privileged', 'baseline', 'restricted'])

/** Labels of the namespace say how much its pods may: refused below `enforce`, warned about below `warn`. */
export function podSecurity(lister: Lister): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    validate(request) {
      if (isAbout(request, 'namespaces')) return checkLabels(request)
      const pod = podOf(request)
      if (!pod) return
      const labels = lister.get<Namespace>('namespaces', '', request.namespace)?.metadata?.labels ?? {}
      const enforced = levelOf(labels, 'enforce')
      if (request.kind.kind === 'Pod') {
        const found = violations(pod, enforced)
        if (found.length > 0) throw refuse(request, `violates PodSecurity ${describe(labels, 'enforce', found)}`)
      }
      const warned = violations(pod, levelOf(labels, 'warn'))
      if (warned.length > 0) request.warnings.push(`would violate PodSecurity ${describe(labels, 'warn', warned)}`)
    },
  }
}

function describe(labels: Readonly<Record<string, string>>, mode: string, found: string[]): string {
  const level = `${labels[PREFIX + mode]}:${labels[`${PREFIX}${mode}-version`] ?? 'latest'}`
  return `${JSON.stringify(level)}: ${found.join(', ')}`
}

function levelOf(labels: Readonly<Record<string, string>>, mode: string): Level {
  const level = labels[PREFIX + mode] ?? 'privileged'
  // A label that nobody understands must not let more through than the strictest would.
  return LEVELS.has(level) ? (level as Level) : 'restricted'
}

/** The pod that is made: itself, or what a workload's template would become. */
function podOf({ kind, operation, subresource, object, old }: AdmissionRequest): PodAnnotated | undefined {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return undefined
  if (kind.kind === 'Pod' && kind.group === '') {
    const own = subresource === '' || subresource === 'ephemeralcontainers'
    if (!own || (old && deepEqual(specOf(object), specOf(old)))) return undefined
    return annotated(object)
  }
  if (subresource !== '') return undefined
  const { spec } = (object ?? {}) as {
    spec?: { template?: KubeObject; jobTemplate?: { spec?: { template?: KubeObject } } }
  }
  return annotated(spec?.template ?? spec?.jobTemplate?.spec?.template)
}

function annotated(pod: KubeObject | undefined): PodAnnotated | undefined {
  const spec = specOf(pod)
  return spec?.containers ? { spec, annotations: pod?.metadata?.annotations ?? {} } : undefined
}

function specOf(object: KubeObject | undefined): PodSpec | undefined {
  return (object as { spec?: PodSpec } | undefined)?.spec
}

function checkLabels(request: AdmissionRequest): void {
  if (request.operation === 'DELETE') return
  const labels = (request.object as Namespace).metadata?.labels ?? {}
  for (const mode of ['enforce', 'audit', 'warn']) {
    const level = labels[PREFIX + mode]
    const old = request.old?.metadata?.labels?.[PREFIX + mode]
    if (level === undefined || level === old || LEVELS.has(level)) continue
    throw refuse(
      request,
      `metadata.labels[${PREFIX}${mode}]: Invalid value: ${JSON.stringify(level)}: must be one of privileged, baseline, restricted`,
    )
  }
}
