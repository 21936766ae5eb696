import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../../../api/types/core-v1.ts'
import { type Client, createClient } from '../../../client/client.ts'
import { httpTransport } from '../../../client/http.ts'
import { readKubeconfig } from '../../../client/kubeconfig.ts'
import { PODS } from '../../../client/resources.ts'
import { sleep, systemClock } from '../../../platform/clock.ts'
import { systemDisk } from '../../../platform/disk.ts'
import { runChecked, systemProcesses } from '../../../platform/processes.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { releasedKubox } from '../../support/release.ts'
import type { Report } from '../report.ts'

/** Pods, and the megabytes that the agent may take with them. */
const STEPS: readonly [pods: number, atMost: number][] = [
  [0, 75],
  [50, 90],
  [110, 105],
]

/** What an agent takes that is installed as a user does it: the release executable, a process of its own, left alone. */
export async function memory(report: Report, folder: string, { quick }: { quick: boolean }): Promise<void> {
  const cluster = await startCluster({ kubox: [await makeRelease(folder)] })
  const { server, credentials } = await readKubeconfig(systemDisk, cluster.kubeconfig)
  const transport = httpTransport({ server, credentials, clock: systemClock })
  try {
    let made = 0
    for (const [pods, atMost] of quick ? STEPS.slice(0, 1) : STEPS) {
      await runPods(createClient(transport), cluster, made, pods)
      made = pods
      await sleep(systemClock, quick ? 5000 : 60_000)
      const measure = `resident with ${pods} pods, release executable`
      report.add({ measure, value: await residentMegabytes(cluster), unit: 'MB', budget: { atMost } })
    }
  } finally {
    await transport.close()
    // Docker may not let go of a network: what is measured stands all the same, and a failure is not hidden.
    await cluster.stop().catch(error => console.error(error.message))
  }
}

/** A file that was just written lies in memory in large pieces, which count as a whole: read it as after a boot. */
async function makeRelease(folder: string): Promise<string> {
  const executable = join(folder, 'kubox')
  await copyFile(await releasedKubox(), executable)
  const forget = [`of=${executable}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0']
  await runChecked(systemProcesses, 'dd', forget)
  return executable
}

/** A node takes 110 pods, those of the control plane among them. */
const NODE_TAKES = 110

async function runPods(client: Client, cluster: TestCluster, from: number, to: number): Promise<void> {
  const pods = client.resource<Pod>(PODS)
  const { items: others } = await pods.list({ namespace: 'kube-system' })
  const wanted = Math.min(to, NODE_TAKES - others.length)
  for (let index = from; index < wanted; index++) await pods.create(podNumber(index))
  const what = `${wanted} pods are Running`
  const evidence = () => cluster.evidence()
  await eventually({ what, deadlineMs: 600_000, everyMs: 1000, evidence }, async () => {
    const { items } = await pods.list({ namespace: 'default' })
    return items.filter(pod => pod.status?.phase === 'Running').length >= wanted
  })
}

function podNumber(index: number): Pod {
  const command = ['sh', '-c', "trap 'exit 0' TERM; sleep 36000 & wait"]
  const container = { name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command }
  return {
    metadata: { name: `idle-${index}`, namespace: 'default' },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  }
}

async function residentMegabytes({ root }: TestCluster): Promise<number> {
  const pid = (await readFile(join(root, 'run/kubox/kubox-agent.pid'), 'utf8')).split(' ')[0]
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}
