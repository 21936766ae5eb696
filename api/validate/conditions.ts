import type { FieldError } from '../kind.ts'
import { isQualifiedName } from '../names.ts'
import type { Condition } from '../types/meta-v1.ts'
import { duplicates, oneOf } from './checks.ts'
import { invalid, required, tooLong } from './errors.ts'

/** Conditions of the common form: what is so, since when, and why. */
export function validateConditions(conditions: readonly Condition[] = [], path: string): FieldError[] {
  return [
    ...duplicates(conditions, path, '.type', ({ type }) => type),
    ...conditions.flatMap((condition, index) => validateCondition(condition, `${path}[${index}]`)),
  ]
}

const LONGEST = { reason: 1024, message: 32 * 1024 }
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const REASON_DETAIL =
  'a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric ' +
  "characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or " +
  `'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${REASON}')`

function validateCondition(condition: Condition, path: string): FieldError[] {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason, message } = condition
  const errors = [
    ...isQualifiedName(type).map(problem => invalid(`${path}.type`, type, problem)),
    ...oneOf('False', 'True', 'Unknown')(status, `${path}.status`),
  ]
  if (observedGeneration < 0) {
    errors.push(invalid(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'))
  }
  if (!lastTransitionTime) errors.push(required(`${path}.lastTransitionTime`, 'must be set'))
  if (!reason) errors.push(required(`${path}.reason`, 'must be set'))
  else if (!new RegExp(`^${REASON}$`).test(reason)) errors.push(invalid(`${path}.reason`, reason, REASON_DETAIL))
  const long = (['reason', 'message'] as const).filter(
    name => Buffer.byteLength({ reason, message }[name]) > LONGEST[name],
  )
  return [...errors, ...long.map(name => tooLong(`${path}.${name}`, LONGEST[name]))]
}
