import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findKind } from '../kinds/registry.ts'
import { invalidObject } from './errors.ts'
import { strayRules } from './rules.ts'

it('rules are about fields that exist', () => assert.deepEqual(strayRules(), []))

it('the answer to an object with faults names kind, object and every fault', () => {
  const kind = findKind('apps', 'v1', 'Deployment')!
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [] } }
  const spec = { replicas: -1, selector: { matchLabels: { app: 'a' } }, template }
  const object = { metadata: { name: 'web', namespace: 'ns' }, spec }
  kind.setDefaults(object)
  const error = invalidObject(kind, 'web', kind.validate(object))
  assert.equal(error.code, 422)
  assert.equal(
    error.message,
    'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.template.spec.containers: Required value]',
  )
  assert.deepEqual(error.details, {
    name: 'web',
    group: 'apps',
    kind: 'Deployment',
    causes: [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: -1: must be greater than or equal to 0',
        field: 'spec.replicas',
      },
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.template.spec.containers' },
    ],
  })
})
