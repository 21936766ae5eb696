import { after, before, describe } from 'node:test'
import { ensureImage } from '../images/index.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { clientNodeDay } from './client-node-day.ts'

describe('a cluster, as programs in JavaScript meet it', () => {
  let cluster: TestCluster
  before(async () => {
    await ensureImage('busybox')
    cluster = await startCluster()
  })
  after(() => cluster?.stop())

  clientNodeDay('with @kubernetes/client-node', () => cluster)
})
