import { isConfigKey } from '../../names.ts'
import { cidrs } from '../addresses.ts'
import { amounts, needed, oneOf, positive, present, type Rules } from '../checks.ts'
import { invalid } from '../errors.ts'

const keys = (map: Record<string, string>, path: string) =>
  Object.keys(map).flatMap(key => isConfigKey(key).map(problem => invalid(`${path}[${key}]`, key, problem)))

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
    leaseTransitions: [
      (value: number, path: string) => (value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : []),
    ],
  },
  'core.v1.Binding': { target: [needed('must specify a target')] },
}
