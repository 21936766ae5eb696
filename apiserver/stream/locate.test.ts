import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { agentAddress, agentPath, chooseContainer, type PodStream, requireNodeName } from './locate.ts'

function podWith(containers: string[], initContainers: string[] = [], ephemeralContainers: string[] = []): Pod {
  const named = (names: string[]) => names.map(name => ({ name }))
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      containers: named(containers),
      initContainers: named(initContainers),
      ephemeralContainers: named(ephemeralContainers),
    },
  } as Pod
}

describe("the agent's path", () => {
  const CASES: [stream: PodStream, query: string, path: string][] = [
    [
      'exec',
      'command=sh&command=-c&command=echo+%22a%26b%22&container=c&stdin=true&stdout=true&tty=true',
      '/exec/default/web/c?input=1&output=1&tty=1&command=sh&command=-c&command=echo+%22a%26b%22',
    ],
    ['attach', 'stderr=true&stdout=false', '/attach/default/web/c?error=1'],
    ['portforward', '', '/portForward/default/web'],
    ['portforward', 'ports=80,81&ports=82', '/portForward/default/web?port=80%2C81&port=82'],
    ['log', '', '/containerLogs/default/web/c'],
    [
      'log',
      'follow=true&tailLines=5&pretty=false&insecureSkipTLSVerifyBackend=true',
      '/containerLogs/default/web/c?follow=true&tailLines=5',
    ],
  ]
  for (const [stream, query, path] of CASES) {
    it(`of ${stream}?${query}`, () => {
      assert.equal(agentPath(stream, podWith(['c']), new URLSearchParams(query)), path)
    })
  }
})

describe('the container of a request', () => {
  const many = podWith(['a', 'b'], ['first'], ['debugger'])
  const CASES: [name: string, pod: Pod, asked: string, chosen: string][] = [
    ['is the only one', podWith(['a'], ['first']), '', 'a'],
    ['is the one that is named', many, 'b', 'b'],
    ['may be an init container', many, 'first', 'first'],
    ['may be an ephemeral one', many, 'debugger', 'debugger'],
  ]
  for (const [name, pod, asked, chosen] of CASES) it(name, () => assert.equal(chooseContainer(pod, asked), chosen))

  const BAD: [name: string, pod: Pod, asked: string, message: string][] = [
    ["must be the pod's", many, 'c', 'container c is not valid for pod web'],
    ['may not climb', many, '../a', 'container ../a is not valid for pod web'],
    [
      'must be named among several',
      many,
      '',
      'a container name must be specified for pod web, choose one of: [a b] or one of the init containers: [first]',
    ],
  ]
  for (const [name, pod, asked, message] of BAD) {
    it(name, () => assert.throws(() => chooseContainer(pod, asked), { message, code: 400 }))
  }
})

describe('the agent of a pod', () => {
  it('is none before the pod has a node', () => {
    const message = 'pod web does not have a host assigned'
    assert.throws(() => requireNodeName(podWith(['a'])), { message, code: 400 })
  })

  const addresses = [
    { type: 'Hostname', address: 'worker1' },
    { type: 'InternalIP', address: '192.168.56.11' },
    { type: 'InternalIP', address: 'fd00::11' },
  ]
  it('is found at the address that every machine reaches', () => {
    const node = { status: { addresses, daemonEndpoints: { kubeletEndpoint: { Port: 10260 } } } } as Node
    assert.deepEqual(agentAddress(node), { host: '192.168.56.11', port: 10260 })
  })
  it('is found as it is preferred, at the usual port', () => {
    const node = { status: { addresses } } as Node
    assert.deepEqual(agentAddress(node, ['ExternalIP', 'Hostname']), { host: 'worker1', port: 10250 })
  })
  it('is not found without an address', () => {
    assert.throws(() => agentAddress({} as Node), { message: /no preferred addresses found/, code: 500 })
  })
})
