import { pino } from 'pino'

export type LogFields = Record<string, unknown>

/** A component's diary. Messages are sentences without data; data goes into fields; secrets go nowhere. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same log under a name, e.g. a component or a pod. */
  child(name: string): Log
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** One JSON line an entry on stderr, or into `file`. */
export function openLog(name: string, level: LogLevel = 'info', file?: string): Log {
  const destination = pino.destination({ dest: file ?? 2, sync: true, mkdir: true })
  return fromPino(pino({ level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime }, destination), name)
}

function fromPino(logger: ReturnType<typeof pino>, name: string): Log {
  return {
    debug: (message, fields) => logger.debug(readable(fields), message),
    info: (message, fields) => logger.info(readable(fields), message),
    warn: (message, fields) => logger.warn(readable(fields), message),
    error: (message, fields) => logger.error(readable(fields), message),
    child: part => fromPino(logger.child({ name: `${name}/${part}` }), `${name}/${part}`),
  }
}

/** Errors in fields are written with their message and stack, wherever they stand. */
function readable(fields: LogFields = {}): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, describeError(value)]))
}

function describeError(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return { message: value.message, stack: value.stack, ...(value.cause ? { cause: String(value.cause) } : {}) }
}

export interface LogEntry {
  level: Exclude<LogLevel, 'silent'>
  name: string
  message: string
  fields: LogFields
}

/** The log of tests: keeps what was said, so that a test can ask for it. */
export class MemoryLog implements Log {
  readonly entries: LogEntry[]
  readonly #name: string

  constructor(name = 'test', entries: LogEntry[] = []) {
    this.#name = name
    this.entries = entries
  }

  debug(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'debug', name: this.#name, message, fields })
  }
  info(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'info', name: this.#name, message, fields })
  }
  warn(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'warn', name: this.#name, message, fields })
  }
  error(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'error', name: this.#name, message, fields })
  }
  child(name: string): Log {
    return new MemoryLog(`${this.#name}/${name}`, this.entries)
  }
}
