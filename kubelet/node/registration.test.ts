import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Node } from '../../api/types/core-v1.ts'
import { NODES } from '../../client/resources.ts'
import { FakeClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { FakeApi } from '../testing/api.ts'
import type { MachineFacts } from './facts.ts'
import { NodeRegistration } from './registration.ts'

const PATH = '/api/v1/nodes/n1'
const choices = {
  ...{
    nodeName: 'n1',
    labels: { role: 'worker' },
    annotations: { mac: 'aa:bb' },
    taints: [],
    maxPods: 110,
    port: 10250,
  },
  ...{ systemReserved: {}, kubeReserved: {}, kubeletVersion: 'v1' },
}

describe('a node that others write to as well', () => {
  const clock = new FakeClock()
  const api = new FakeApi(clock)
  const node = () => api.find<Node>(NODES, 'n1')
  const ready = () => node()?.status?.conditions?.find(({ type }) => type === 'Ready')?.status
  const registration = new NodeRegistration({
    ...{ client: api, clock, log: new MemoryLog(), choices, registerNode: true },
    measure: async () => ({
      ...{ facts: { architecture: 'amd64' } as MachineFacts, nodeIp: '10.0.0.1', images: [], problems: [] },
      pressure: { memory: false, disk: false, pids: false },
    }),
  })

  before(() => registration.syncStatus())
  after(() => registration.stop())

  it('says at its next look that it lives, when it was called silent meanwhile', async () => {
    assert.equal(ready(), 'True')
    const conditions = [{ type: 'Ready', status: 'Unknown' }]
    api.put(PATH, { ...node()!, status: { ...node()!.status, conditions } } as Node)
    await registration.syncStatus()
    assert.equal(ready(), 'True')
  })

  it('sends nothing when nothing is new', async () => {
    const { resourceVersion } = node()!.metadata
    await registration.syncStatus()
    assert.equal(node()!.metadata.resourceVersion, resourceVersion)
  })

  it('is registered anew when it was deleted', async () => {
    const { uid } = node()!.metadata
    api.drop(PATH)
    await registration.syncStatus()
    assert.notEqual(node()!.metadata.uid, uid)
    assert.equal(ready(), 'True')
    assert.deepEqual(node()!.metadata.annotations, { mac: 'aa:bb' })
  })
})
