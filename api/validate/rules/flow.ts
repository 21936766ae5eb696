import type { FieldError } from '../../kind.ts'
import { between, duplicates, needed, oneOf, present, type Rules, subdomain } from '../checks.ts'
import { invalid } from '../errors.ts'

const LAST_PRECEDENCE = 10_000

function precedence(value: number, path: string): FieldError[] {
  if (value <= 0) return [invalid(path, value, 'must be a positive value')]
  return value > LAST_PRECEDENCE ? [invalid(path, value, `must not be greater than ${LAST_PRECEDENCE}`)] : []
}

const positive = (value: number, path: string) => (value > 0 ? [] : [invalid(path, value, 'must be positive')])
const notNegative = (value: number, path: string) =>
  value < 0 ? [invalid(path, value, 'must be a non-negative integer')] : []
const borrowed = (value: number, path: string) =>
  value < 0 ? [invalid(path, value, 'if specified, must be a non-negative integer')] : []

const shares = { nominalConcurrencyShares: [notNegative], lendablePercent: [between(0, 100)] }

const distinctTypes = (conditions: { type?: string }[], path: string) =>
  duplicates(conditions, path, '.type', ({ type }) => type)
const condition = { type: [needed('must not be empty')] }

export const FLOW_RULES: Rules = {
  'flowcontrol.v1.FlowSchemaSpec': { matchingPrecedence: [precedence], priorityLevelConfiguration: [present] },
  'flowcontrol.v1.PriorityLevelConfigurationReference': {
    name: [needed('must reference a priority level'), subdomain],
  },
  'flowcontrol.v1.FlowDistinguisherMethod': { type: [oneOf('ByNamespace', 'ByUser')] },
  'flowcontrol.v1.FlowSchemaStatus': { conditions: [distinctTypes] },
  'flowcontrol.v1.FlowSchemaCondition': condition,
  'flowcontrol.v1.PriorityLevelConfigurationSpec': { type: [present, oneOf('Exempt', 'Limited')] },
  'flowcontrol.v1.LimitedPriorityLevelConfiguration': { ...shares, borrowingLimitPercent: [borrowed] },
  'flowcontrol.v1.ExemptPriorityLevelConfiguration': shares,
  'flowcontrol.v1.LimitResponse': { type: [present, oneOf('Queue', 'Reject')] },
  'flowcontrol.v1.QueuingConfiguration': { queues: [positive], handSize: [positive], queueLengthLimit: [positive] },
  'flowcontrol.v1.PriorityLevelConfigurationStatus': { conditions: [distinctTypes] },
  'flowcontrol.v1.PriorityLevelConfigurationCondition': condition,
}
