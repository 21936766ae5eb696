import type { FieldError } from '../kind.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts'
import { invalid, required } from '../validate/errors.ts'

const ANNOTATION = 'api-approved.kubernetes.io'
const FIELD = `metadata.annotations[${ANNOTATION}]`

export interface Approval {
  state: 'unneeded' | 'approved' | 'bypassed' | 'missing' | 'invalid'
  value: string
}

/** Groups of the community are protected: whoever defines something in one says where that was approved, or that it was not. */
export function approvalOf({ metadata, spec }: CustomResourceDefinition): Approval {
  const value = metadata?.annotations?.[ANNOTATION] ?? ''
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group ?? '')) return { state: 'unneeded', value }
  if (value === '') return { state: 'missing', value }
  if (value.startsWith('unapproved')) return { state: 'bypassed', value }
  return { state: URL.canParse(value) ? 'approved' : 'invalid', value }
}

export function validateApproval(definition: CustomResourceDefinition): FieldError[] {
  if (!definition.spec) return []
  const { state, value } = approvalOf(definition)
  const rule = `protected groups must have approval annotation ${JSON.stringify(ANNOTATION)}`
  if (state === 'missing') return [required(FIELD, rule)]
  return state === 'invalid'
    ? [invalid(FIELD, value, `${rule} with either a URL or a reason starting with "unapproved"`)]
    : []
}
