import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isReason } from '../../api/errors.ts'
import { aggregatedVersion } from '../discovery/aggregated.ts'
import { negotiate, type Subject } from './negotiate.ts'
import { protobufEncoder } from './protobuf.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'

describe('the form of an answer', () => {
  const table: [string | undefined, Subject, string][] = [
    [undefined, 'object', 'json'],
    ['*/*', 'object', 'json'],
    ['application/json, */*', 'list', 'json'],
    ['application/yaml', 'object', 'yaml'],
    [PROTOBUF, 'object', 'protobuf'],
    [`${PROTOBUF},application/json`, 'watch', 'protobuf'],
    [`application/json;q=0.5,${PROTOBUF}`, 'object', 'protobuf'],
    ['application/json;q=0,application/yaml', 'object', 'yaml'],
    [
      `${TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
      'list',
      'application/json;as=Table;v=v1;g=meta.k8s.io;include=Metadata',
    ],
    ['application/json;as=Table;v=v2;g=meta.k8s.io,application/json', 'list', 'json'],
    [`${PARTIAL},application/json`, 'object', 'PartialObjectMetadata/v1'],
    [PARTIAL.replace('Metadata;', 'MetadataList;'), 'list', 'PartialObjectMetadata/v1'],
    [`${PARTIAL},application/json`, 'list', 'json'],
    [PARTIAL, 'watch', 'PartialObjectMetadata/v1'],
    ['application/cbor, application/json', 'object', 'json'],
  ]
  for (const [accept, subject, form] of table) {
    it(`${accept} for a ${subject} is ${form}`, () => {
      const wish = { accept, query: new URLSearchParams(), subject, protobuf: protobufEncoder, now: () => 0 }
      assert.equal(negotiate(wish).form, form)
    })
  }

  for (const accept of ['image/png', PARTIAL.replace('v1', 'v9'), '', 'a/b/c;;;=,']) {
    it(`${JSON.stringify(accept)} is ${accept === '' ? 'JSON' : 'refused'}`, () => {
      const ask = () => negotiate({ accept, query: new URLSearchParams(), subject: 'object', now: () => 0 })
      if (accept === '') assert.equal(ask().form, 'json')
      else assert.throws(ask, error => isReason(error, 'NotAcceptable'))
    })
  }
})

describe('the form of discovery', () => {
  const of = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
  const table: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['application/json, */*', undefined],
    [`${of('v2beta1')},application/json`, 'v2beta1'],
    [`${of('v2')},${of('v2beta1')},application/json`, 'v2'],
    [`${of('v3')},${of('v2')},application/json`, 'v2'],
    [`application/json,${of('v2')}`, undefined],
    ['application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io', 'v2'],
  ]
  for (const [accept, version] of table)
    it(`${accept} is ${version}`, () => assert.equal(aggregatedVersion(accept), version))
})
