import type { KubeObject } from '../../../api/objects.ts'
import type { Namespace, PodSpec } from '../../../api/types/core-v1.ts'
import { deepEqual } from '../../../api/values.ts'
import { type AdmissionPlugin, type AdmissionRequest, annotate } from '../admission.ts'
import type { Lister } from '../lister.ts'
import { isAbout, refuse } from '../refuse.ts'
import { type Level, type PodAnnotated, violations } from './checks.ts'

const PREFIX = 'pod-security.kubernetes.io/'
const LEVELS = new Set<string>(['privileged', 'baseline', 'restricted'])

/** Labels of the namespace say how much its pods may: refused below `enforce`, warned about below `warn`, written down below `audit`. */
export function podSecurity(lister: Lister): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    validate(request) {
      if (isAbout(request, 'namespaces')) return checkLabels(request)
      const pod = podOf(request)
      if (!pod) return
      const labels = lister.get<Namespace>('namespaces', '', request.namespace)?.metadata?.labels ?? {}
      const audited = violations(pod, levelOf(labels, 'audit'))
      if (audited.length > 0) {
        annotate(
          request,
          `${PREFIX}audit-violations`,
          `would violate PodSecurity ${describe(labels, 'audit', audited)}`,
        )
      }
      if (request.kind.kind === 'Pod') enforce(request, pod, labels)
      const warned = violations(pod, levelOf(labels, 'warn'))
      if (warned.length > 0) request.warnings.push(`would violate PodSecurity ${describe(labels, 'warn', warned)}`)
    },
  }
}

type Labels = Readonly<Record<string, string>>

function enforce(request: AdmissionRequest, pod: PodAnnotated, labels: Labels): void {
  annotate(request, `${PREFIX}enforce-policy`, policyOf(labels, 'enforce'))
  const found = violations(pod, levelOf(labels, 'enforce'))
  if (found.length > 0) throw refuse(request, `violates PodSecurity ${describe(labels, 'enforce', found)}`)
}

function describe(labels: Labels, mode: string, found: string[]): string {
  return `${JSON.stringify(policyOf(labels, mode))}: ${found.join(', ')}`
}

function policyOf(labels: Labels, mode: string): string {
  return `${labels[PREFIX + mode] ?? 'privileged'}:${labels[`${PREFIX}${mode}-version`] ?? 'latest'}`
}

function levelOf(labels: Labels, mode: string): Level {
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
