import { dirname, join } from 'node:path'
import { type Disk, writeFileAtomic } from '../../platform/disk.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'
import type { Daemon, Daemons } from './daemons.ts'

const UNITS = '/etc/systemd/system'

/** For every scope that Docker has systemd make for a container, where Docker's cgroup driver is systemd. */
const CONTAINERS = join(UNITS, 'docker-.scope.d/kubox-agent.conf')

/** The machine's own supervisor: restarts what fell over, starts all at boot, keeps the diaries. */
export function systemdDaemons(disk: Disk, processes: Processes): Daemons {
  const systemctl = (...args: string[]) => runChecked(processes, 'systemctl', args)
  const unitPath = (name: string) => join(UNITS, `${name}.service`)
  return {
    async start(daemon) {
      await writeFileAtomic(disk, unitPath(daemon.name), unitOf(daemon))
      if (daemon.name === 'kubox-agent') {
        await disk.makeDirectory(dirname(CONTAINERS))
        await writeFileAtomic(disk, CONTAINERS, AFTER_THE_AGENT)
      }
      await systemctl('daemon-reload')
      await systemctl('enable', daemon.name)
      await systemctl('restart', daemon.name)
    },
    async stop(name) {
      if (!(await disk.list(UNITS)).includes(`${name}.service`)) return false
      await systemctl('disable', '--now', name)
      await disk.remove(unitPath(name))
      if (name === 'kubox-agent') await disk.remove(CONTAINERS)
      await systemctl('daemon-reload')
      return true
    },
    async isRunning(name) {
      return (await processes.run('systemctl', ['is-active', '--quiet', name])).code === 0
    },
    logCommand: name => `journalctl -u ${name} -e`,
  }
}

/** No limit on restarts: after a power cut the disk or the network may take its time. */
export function unitOf(daemon: Daemon): string {
  return `[Unit]
Description=${daemon.description}
After=network-online.target docker.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=${daemon.command.map(quote).join(' ')}
Restart=always
RestartSec=1
KillMode=process
LimitNOFILE=1048576
Delegate=yes

[Install]
WantedBy=multi-user.target
`
}

/** Units stop in the reverse order of their start: the agent ends its pods in order, and only then systemd what is left. */
export const AFTER_THE_AGENT = `[Unit]
Before=kubox-agent.service
`

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replace(/(["\\$])/g, '\\$1')}"`
