import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isReason } from '../../api/errors.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { PODS } from '../../client/resources.ts'
import { writeFileAtomic } from '../../platform/disk.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'
import type { Tools } from '../tools.ts'
import { until } from '../wait.ts'

const HELLO_IMAGE = 'kubox.io/hello:1'
const PORT = 8080

/** A pod to look at, log, exec into and forward to: a busybox that serves a page. */
const HELLO_POD: Pod = {
  metadata: { name: 'hello', namespace: 'default', labels: { app: 'hello' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'hello',
        image: HELLO_IMAGE,
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', `echo "hello from $HOSTNAME"; exec httpd -f -v -p ${PORT} -h /www`],
        ports: [{ containerPort: PORT }],
      },
    ],
  },
}

/** Makes the image on the spot, from the distribution's static busybox: no registry is asked. */
export async function ensureHelloImage({ processes, disk }: Tools): Promise<void> {
  if ((await processes.run('docker', ['image', 'inspect', HELLO_IMAGE])).code === 0) return
  const folder = await mkdtemp(join(tmpdir(), 'kubox-hello-'))
  try {
    await disk.makeDirectory(join(folder, 'root/www'))
    await writeFileAtomic(disk, join(folder, 'root/www/index.html'), '<h1>Hello from kubox</h1>\n')
    await unpackBusybox(folder, processes)
    const change = 'CMD ["sh"]'
    await runChecked(processes, 'sh', [
      '-ec',
      `tar -C "$1/root" -c . | docker import -c '${change}' - "$2"`,
      'sh',
      folder,
      HELLO_IMAGE,
    ])
  } finally {
    await disk.remove(folder)
  }
}

/** The package is unpacked, not installed: the machine stays as it is. */
async function unpackBusybox(folder: string, processes: Processes): Promise<void> {
  const script = `
    chmod 755 "$1" && cd "$1"
    apt-get download -q -o APT::Sandbox::User=root busybox-static || { apt-get update -q && apt-get download -q -o APT::Sandbox::User=root busybox-static; }
    dpkg -x busybox-static*.deb package
    mkdir -p root/bin root/tmp && cp "$(find package -path '*bin/busybox' -type f)" root/bin/busybox
    for name in $(root/bin/busybox --list); do [ -e "root/bin/$name" ] || ln -s busybox "root/bin/$name"; done`
  await runChecked(processes, 'sh', ['-ec', script, 'sh', folder], { timeoutMs: 180_000 })
}

/** The first pod running: a new one, or the one that an earlier start has left. */
export async function ensureHelloPod(client: Client, tools: Tools): Promise<Pod> {
  const pods = client.resource<Pod>(PODS)
  try {
    await pods.create(HELLO_POD)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
  const what = 'the first pod did not run'
  return until(
    { clock: tools.clock, deadlineMs: 60_000, what, remedy: "see 'kubectl describe pod hello'" },
    async () => {
      const pod = await pods.get('hello', 'default')
      return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ? pod : undefined
    },
  )
}

/** The row that `kubectl get pods -o wide` would print. */
export function podRow(pod: Pod, now: number): string[][] {
  const statuses = pod.status?.containerStatuses ?? []
  const ready = statuses.filter(status => status.ready).length
  const restarts = statuses.reduce((sum, status) => sum + status.restartCount, 0)
  const age = Math.max(0, Math.round((now - Date.parse(pod.metadata?.creationTimestamp ?? '')) / 1000))
  return [
    ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'IP', 'NODE'],
    [
      pod.metadata?.name ?? '',
      `${ready}/${statuses.length}`,
      pod.status?.phase ?? '',
      String(restarts),
      `${age}s`,
      pod.status?.podIP ?? '',
      pod.spec?.nodeName ?? '',
    ],
  ]
}
