import { join } from 'node:path'
import { type Disk, writeFileAtomic } from '../../platform/disk.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'
import type { Daemon, Daemons } from './daemons.ts'

const UNITS = '/etc/systemd/system'

/** The machine's own supervisor: restarts what fell over, starts all at boot, keeps the diaries. */
export function systemdDaemons(disk: Disk, processes: Processes): Daemons {
  const systemctl = (...args: string[]) => runChecked(processes, 'systemctl', args)
  const unitPath = (name: string) => join(UNITS, `${name}.service`)
  return {
    async start(daemon) {
      await writeFileAtomic(disk, unitPath(daemon.name), unitOf(daemon))
      await systemctl('daemon-reload')
      await systemctl('enable', daemon.name)
      await systemctl('restart', daemon.name)
    },
    async stop(name) {
      if (!(await disk.list(UNITS)).includes(`${name}.service`)) return false
      await systemctl('disable', '--now', name)
      await disk.remove(unitPath(name))
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

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replace(/(["\\$])/g, '\\$1')}"`
