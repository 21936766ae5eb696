import type { FieldError } from '../kind.ts'
import type { PodSpec } from '../types/core-v1.ts'
import { invalid } from './errors.ts'

export const MIRROR = 'kubernetes.io/config.mirror'
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
export const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/'

/** Annotations that mean something to the cluster must say it well. */
export function validatePodAnnotations(
  annotations: Readonly<Record<string, string>> = {},
  spec: PodSpec,
  path: string,
): FieldError[] {
  return Object.entries(annotations).flatMap(([key, value]) => {
    const where = `${path}[${key}]`
    if (key === MIRROR && !spec.nodeName) {
      return [invalid(where, value, 'must set spec.nodeName if mirror pod annotation is set')]
    }
    if (key === DELETION_COST && !isInt32(value)) return [invalid(where, value, 'must be a 32bit integer')]
    return key.startsWith(APPARMOR) ? appArmor(key.slice(APPARMOR.length), value, spec, where) : []
  })
}

/** As it is written by a program: no sign before a positive number, no zeros before any. */
function isInt32(text: string): boolean {
  return /^(0|-?[1-9][0-9]{0,9})$/.test(text) && Number(text) === (Number(text) | 0)
}

function appArmor(container: string, profile: string, spec: PodSpec, path: string): FieldError[] {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]
  const errors = all.some(({ name }) => name === container) ? [] : [invalid(path, container, 'container not found')]
  const isProfile = ['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith('localhost/')
  return isProfile ? errors : [...errors, invalid(path, profile, `invalid AppArmor profile name: "${profile}"`)]
}
