import type { FieldError } from '../../kind.ts'
import { isConfigKey, isQualifiedName } from '../../names.ts'
import type { LeaseSpec } from '../../types/coordination-v1.ts'
import { cidrs } from '../addresses.ts'
import { amounts, needed, notNegative, oneOf, positive, present, type Rules } from '../checks.ts'
import { forbidden, invalid } from '../errors.ts'

const keys = (map: Record<string, string>, path: string) =>
  Object.keys(map).flatMap(key => isConfigKey(key).map(problem => invalid(`${path}[${key}]`, key, problem)))

/** Who of several gets a lease: chosen in a way that Kubernetes names, or somebody else. The path is as Kubernetes has it. */
function leaseStrategy(strategy: string, path: string): FieldError[] {
  const where = `${path}.strategy`
  if (!strategy.includes('/')) return oneOf('OldestEmulationVersion')(strategy, where)
  return isQualifiedName(strategy).map(problem => invalid(where, strategy, problem))
}

function preferredHolder({ preferredHolder: holder, strategy }: LeaseSpec, path: string): FieldError[] {
  const detail = 'may only be specified if `strategy` is defined'
  return holder && !strategy ? [forbidden(`${path}.preferredHolder`, detail)] : []
}

export const CORE_RULES: Rules = {
  'core.v1.ConfigMap': { data: [keys], binaryData: [keys] },
  'core.v1.Secret': { data: [keys] },
  'core.v1.NodeSpec': { podCIDRs: [cidrs] },
  'core.v1.LimitRangeItem': {
    type: [present, oneOf('Container', 'PersistentVolumeClaim', 'Pod')],
    max: [amounts],
    min: [amounts],
    default: [amounts],
    defaultRequest: [amounts],
    maxLimitRequestRatio: [amounts],
  },
  'coordination.v1.LeaseSpec': {
    leaseDurationSeconds: [positive],
    leaseTransitions: [notNegative],
    strategy: [leaseStrategy],
    '*': [preferredHolder],
  },
  'core.v1.Binding': { target: [needed('must specify a target')] },
}
