import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { classNames, collectProse, parseClass } from './prose.ts'

describe('the sentences of the official client', () => {
  const names: [string, string[]][] = [
    ['io.k8s.api.core.v1.Event', ['CoreV1Event', 'V1Event']],
    ['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', ['MetaV1ObjectMeta', 'V1ObjectMeta']],
    ['io.k8s.api.autoscaling.v2.MetricSpec', ['AutoscalingV2MetricSpec', 'V2MetricSpec']],
  ]
  for (const [definition, expected] of names) {
    it(`of ${definition} stand in ${expected.join(' or ')}`, () => assert.deepEqual(classNames(definition), expected))
  }

  it('are read with what they belong to', () => {
    const text = `/**
 * Kubernetes
 */
import { V1Other } from './x.js';
/**
* A thing\\'s class.
*/
export declare class V1Thing {
    /**
    * Its \\"name\\".
    */
    'name': string;
    'other'?: V1Other;
    /**
    * Goes on.
    */
    '_continue'?: string;
}`
    assert.deepEqual(
      [...parseClass(text)],
      [
        ['', "A thing's class."],
        ['name', 'Its "name".'],
        ['continue', 'Goes on.'],
      ],
    )
  })

  it('describe nearly everything', () => {
    const models = join(import.meta.dirname, '../node_modules/@kubernetes/client-node/dist/gen/models')
    const prose = collectProse(models)
    assert.ok(Object.keys(prose).length > 500, `${Object.keys(prose).length} definitions`)
    const container = prose['io.k8s.api.core.v1.Container']
    assert.match(container?.[''] ?? '', /container/)
    assert.ok(Object.keys(container ?? {}).length > 15)
    assert.ok(
      prose['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps']?.['x-kubernetes-list-type'],
    )
  })
})
