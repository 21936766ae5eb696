import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isReason } from '../api/errors.ts'
import { parseRequest, type RequestInfo } from './request.ts'

const parse = (method: string, target: string) => {
  const url = new URL(`http://x${target}`)
  return parseRequest({ method: method as 'GET', path: target.split('?')[0]!, query: url.searchParams })
}

describe('what a request asks for', () => {
  const table: [string, string, Partial<RequestInfo>][] = [
    ['GET', '/', { isResource: false, verb: 'get' }],
    ['GET', '/healthz/ping', { isResource: false, path: '/healthz/ping' }],
    ['POST', '/apis/apps/v1', { isResource: false, verb: 'post' }],
    ['GET', '/api/v1', { isResource: false }],
    [
      'GET',
      '/api/v1/pods',
      { isResource: true, verb: 'list', group: '', version: 'v1', plural: 'pods', namespace: '' },
    ],
    ['GET', '/api/v1/pods?watch=true', { verb: 'watch' }],
    ['GET', '/api/v1/pods?watch=1', { verb: 'watch' }],
    ['GET', '/api/v1/pods?watch=false', { verb: 'list' }],
    ['GET', '/api/v1/watch/pods', { verb: 'watch', plural: 'pods' }],
    ['GET', '/api/v1/watch/namespaces/a/pods/b', { verb: 'watch', plural: 'pods', namespace: 'a', name: 'b' }],
    ['GET', '/api/v1/nodes/n1', { verb: 'get', plural: 'nodes', name: 'n1' }],
    ['GET', '/api/v1/namespaces', { verb: 'list', plural: 'namespaces', namespace: '', name: '' }],
    ['GET', '/api/v1/namespaces/a', { verb: 'get', plural: 'namespaces', namespace: 'a', name: 'a' }],
    [
      'PUT',
      '/api/v1/namespaces/a/finalize',
      { verb: 'update', plural: 'namespaces', name: 'a', subresource: 'finalize' },
    ],
    ['GET', '/api/v1/namespaces/a/pods', { verb: 'list', plural: 'pods', namespace: 'a', name: '' }],
    ['DELETE', '/api/v1/namespaces/a/pods', { verb: 'deletecollection' }],
    ['DELETE', '/api/v1/namespaces/a/pods/b', { verb: 'delete', name: 'b' }],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/b/scale', { verb: 'patch', group: 'apps', subresource: 'scale' }],
    ['POST', '/api/v1/namespaces/a/pods/b/exec', { verb: 'create', subresource: 'exec', name: 'b' }],
    ['GET', '/api/v1/namespaces/a/pods/b/proxy/x/y%2Fz', { subresource: 'proxy', rest: '/x/y%2Fz' }],
    ['GET', '/api/v1/nodes/n1/proxy/', { subresource: 'proxy', rest: '/' }],
    ['GET', '/api/v1/nodes/n1/proxy', { subresource: 'proxy', rest: '' }],
    ['GET', '/api/v1/secrets?fieldSelector=metadata.name%3Da', { verb: 'list', name: 'a' }],
    ['GET', '/api/v1/secrets?watch=true&fieldSelector=x%3Dy,metadata.name%3Da', { verb: 'watch', name: 'a' }],
    ['GET', '/api/v1/secrets?fieldSelector=metadata.name!%3Da', { verb: 'list', name: '' }],
    ['GET', '/api/v1/namespaces/a/services/http:b:80/proxy', { plural: 'services', name: 'http:b:80' }],
  ]
  for (const [method, target, expected] of table) {
    it(`${method} ${target}`, () => {
      const info = parse(method, target)
      for (const [key, value] of Object.entries(expected)) assert.equal(info[key as keyof RequestInfo], value, key)
    })
  }

  for (const path of [
    '/api/v1/pods/..',
    '/api/v1/%2e%2e/x',
    '/api/v1/pods/a%2Fb',
    '/api/v1/pods/%00',
    '/api/v1/pods/%zz',
  ]) {
    it(`refuses ${path}`, () => {
      assert.throws(
        () => parseRequest({ method: 'GET', path, query: new URLSearchParams() }),
        error => isReason(error, 'BadRequest'),
      )
    })
  }
})
