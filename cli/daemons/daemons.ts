/** Long-running parts of kubox on this machine: started now and, where the machine can, at every boot. */
export interface Daemons {
  /** Fine if it runs already, with the same arguments or not: then it is restarted with these. */
  start(daemon: Daemon): Promise<void>
  /** Ends it and keeps it from coming back; false if there was none. */
  stop(name: DaemonName): Promise<boolean>
  isRunning(name: DaemonName): Promise<boolean>
  /** What a person types to see what it says. */
  logCommand(name: DaemonName): string
}

export type DaemonName = 'kubox-server' | 'kubox-agent'

export interface Daemon {
  name: DaemonName
  description: string
  /** Program and arguments. */
  command: readonly string[]
}
