import type { Report } from '../report.ts'
import type { Connection } from './connection.ts'
import { configMap, MAPS, PODS, pod } from './objects.ts'
import { describePace, type Load, type Pace, pace } from './pace.ts'

interface Subject {
  name: string
  path: string
  make(name: string): object
  patch(turn: number): object
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'ConfigMap',
    path: MAPS,
    make: configMap,
    patch: turn => ({ data: { patched: String(turn) } }),
  },
  {
    name: 'Pod',
    path: PODS,
    make: pod,
    patch: turn => ({ metadata: { annotations: { patched: String(turn) } } }),
  },
]

const MERGE = 'application/merge-patch+json'
const IN_FLIGHT = [1, 16, 64]
const GOALS: Readonly<Record<string, number>> = {
  'create ConfigMap, 64 in flight': 5000,
  'get ConfigMap, 64 in flight': 20_000,
}

/** create, get, update, patch and delete of ConfigMaps and pods, with 1, 16 and 64 in flight. */
export async function measureVerbs(report: Report, load: Load, seconds: number): Promise<void> {
  for (const subject of SUBJECTS) {
    for (const inFlight of IN_FLIGHT) {
      const part = { ...load, connections: load.connections.slice(0, inFlight) }
      const found = await paceVerbs(subject, part, seconds, `${subject.name.toLowerCase()}-${inFlight}-${process.pid}`)
      for (const [verb, one] of Object.entries(found)) {
        const measure = `${verb} ${subject.name}, ${inFlight} in flight`
        const budget = { atLeast: GOALS[measure] ?? 0 }
        report.add({ measure, value: one.perSecond, unit: '/s', budget, detail: describePace(one) })
      }
    }
  }
}

async function paceVerbs(subject: Subject, load: Load, seconds: number, prefix: string): Promise<Record<string, Pace>> {
  const { path } = subject
  const names: string[] = []
  const create = await pace(load, seconds, async (connection, turn) => {
    await connection.call({ method: 'POST', path, body: subject.make(`${prefix}-${turn}`) })
    names.push(`${prefix}-${turn}`)
  })
  const nameAt = (turn: number) => names[turn % names.length]!
  const on = (connection: Connection, method: string, turn: number, body?: object, type?: string) =>
    connection.call({ method, path: `${path}/${nameAt(turn)}`, body, type })
  const get = await pace(load, seconds, (connection, turn) => on(connection, 'GET', turn))
  const whole = JSON.parse((await load.connections[0]!.call({ method: 'GET', path: `${path}/${nameAt(0)}` })).text())
  const update = await pace(load, seconds, (connection, turn) => {
    const metadata = { name: nameAt(turn), annotations: { turn: String(turn) } }
    return on(connection, 'PUT', turn, { ...whole, metadata })
  })
  const patch = await pace(load, seconds, (connection, turn) =>
    on(connection, 'PATCH', turn, subject.patch(turn), MERGE),
  )
  // All that was made is taken away again, however long that takes.
  const remove = await pace(load, Number.POSITIVE_INFINITY, (connection, turn) =>
    turn < names.length ? on(connection, 'DELETE', turn) : false,
  )
  return { create, get, update, patch, delete: remove }
}
