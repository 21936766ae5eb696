import { after, before, describe } from 'node:test'
import { ensureImage } from '../images/index.ts'
import { extraKubectls, kubectls } from '../peers/index.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { kubectlDay } from './kubectl-day.ts'

const EXTRA = ['1.27', '1.31', '1.33']
const versions = [...(await kubectls()), ...(await extraKubectls()).filter(({ version }) => EXTRA.includes(version))]

/** Several versions work at a time, as people do. */
describe('a day’s work with kubectl', { concurrency: 3 }, () => {
  let cluster: TestCluster
  before(async () => {
    for (const image of ['busybox', 'web', 'nginx'] as const) await ensureImage(image)
    cluster = await startCluster()
  })
  after(() => cluster?.stop())

  for (const version of versions) kubectlDay(version, () => cluster)
})
