import { type Report, repeat } from '../report.ts'
import type { Connection } from './connection.ts'
import { configMap, MAPS, PODS, pod } from './objects.ts'
import { describePaces, type Load, type Pace, type Pacing, pace } from './pace.ts'

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
const VERBS = ['create', 'get', 'update', 'patch', 'delete'] as const
type Verb = (typeof VERBS)[number]
const IN_FLIGHT = [1, 16, 64]
const GOALS: Readonly<Record<string, number>> = {
  'create ConfigMap, 64 in flight': 5000,
  'get ConfigMap, 64 in flight': 20_000,
}

/** create, get, update, patch and delete of ConfigMaps and pods, with 1, 16 and 64 in flight. */
export async function measureVerbs(report: Report, load: Load, pacing: Pacing): Promise<void> {
  for (const subject of SUBJECTS) {
    for (const inFlight of IN_FLIGHT) {
      const part = { ...load, connections: load.connections.slice(0, inFlight) }
      const prefix = `${subject.name.toLowerCase()}-${inFlight}-${process.pid}`
      const found = await repeat(pacing.rounds, () => paceVerbs(subject, part, pacing.seconds, prefix))
      for (const verb of VERBS) {
        const measure = `${verb} ${subject.name}, ${inFlight} in flight`
        const budget = { atLeast: GOALS[measure] ?? 0 }
        const paces = found.map(round => round[verb])
        report.add({ measure, value: paces.map(one => one.perSecond), unit: '/s', budget, ...describePaces(paces) })
      }
    }
  }
}

async function paceVerbs(subject: Subject, load: Load, seconds: number, prefix: string): Promise<Record<Verb, Pace>> {
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
