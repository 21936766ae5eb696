import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import type { Node } from '../../api/types/core-v1.ts'
import { dial, dialTarget } from './reachability.ts'

const node = (ready: string, addresses: [string, string][], port?: number): Node => ({
  status: {
    addresses: addresses.map(([type, address]) => ({ type, address })),
    conditions: [{ type: 'Ready', status: ready }],
    daemonEndpoints: port ? { kubeletEndpoint: { Port: port } } : {},
  },
})

describe('dialTarget', () => {
  const cases: [string, Node, object | undefined][] = [
    [
      'the address of a node that is ready',
      node(
        'True',
        [
          ['Hostname', 'n'],
          ['InternalIP', '10.0.0.5'],
        ],
        10250,
      ),
      { host: '10.0.0.5', port: 10250 },
    ],
    ['not one that is silent', node('Unknown', [['InternalIP', '10.0.0.5']], 10250), undefined],
    ['not one without an address', node('True', [['Hostname', 'n']], 10250), undefined],
    ['not one without an agent', node('True', [['InternalIP', '10.0.0.5']]), undefined],
    ['not one that has said nothing', {}, undefined],
  ]
  for (const [name, subject, expected] of cases) it(name, () => assert.deepEqual(dialTarget(subject), expected))
})

describe('dial', () => {
  it('tells a port that answers from one that does not', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    assert.equal(await dial({ host: '127.0.0.1', port }), undefined)
    await new Promise(resolve => server.close(resolve))
    assert.equal(await dial({ host: '127.0.0.1', port }), 'ECONNREFUSED')
  })
})
