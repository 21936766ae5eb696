import type { Log } from '../../platform/log.ts'
import type { Processes } from '../../platform/processes.ts'

const ASK_MS = 5000

/**
 * Whether the machine is being switched off or started anew, and not only the agent: systemd knows. Its units stop in the
 * reverse order of their start, so Docker and the network are still there.
 */
export async function machineGoesDown(processes: Processes, log: Log): Promise<boolean> {
  try {
    const { stdout } = await processes.run('systemctl', ['is-system-running'], { timeoutMs: ASK_MS })
    return stdout.trim() === 'stopping'
  } catch (error) {
    log.info('There is no systemd to ask whether the machine goes down: pods go on', { error })
    return false
  }
}
