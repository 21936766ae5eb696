import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '../../platform/clock.ts'
import type { VersionInfo } from '../options.ts'
import type { Metrics } from './metrics.ts'

const PAGE = 4096

/** The process that the server runs in, maybe with others: as all of Prometheus' clients tell of theirs. */
export function addProcessMetrics(metrics: Metrics, clock: Clock, version: VersionInfo): void {
  const startSeconds = clock.now() / 1000 - process.uptime()
  const gauge = (name: string, help: string, read: () => number) => metrics.gauge(name, help, () => [[{}, read()]])
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('process_virtual_memory_bytes', 'Virtual memory.', virtualMemory)
  gauge('process_start_time_seconds', 'When the process began, since 1970.', () => startSeconds)
  gauge('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length)
  gauge('process_max_fds', 'How many file descriptors may be open.', mostOpenFiles)
  metrics.count('process_cpu_seconds_total', 'CPU time, user and system.', () => [[{}, cpuSeconds()]])
  const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } = version
  const build = {
    ...{ major, minor, git_version: gitVersion, git_commit: gitCommit, git_tree_state: gitTreeState },
    ...{ build_date: buildDate, go_version: goVersion, compiler, platform },
  }
  metrics.gauge('kubernetes_build_info', 'Always 1: the labels tell the version.', () => [[build, 1]])
}

function virtualMemory(): number {
  return Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * PAGE
}

function mostOpenFiles(): number {
  const limit = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined || limit === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(limit)
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
