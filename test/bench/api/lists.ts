import type { Report } from '../report.ts'
import type { Connection } from './connection.ts'
import { MAPS, PODS, pod } from './objects.ts'
import { describePace, type Load, type Pace, pace } from './pace.ts'

/** Makes pods until there are so many; tells how fast the last of them came. */
export async function fill(load: Load, have: number, wanted: number): Promise<Pace> {
  return pace(load, Number.POSITIVE_INFINITY, (connection, turn) => {
    const index = have + turn
    return index < wanted ? connection.call({ method: 'POST', path: PODS, body: pod(`pod-${index}`) }) : false
  })
}

const get = (path: string) => (connection: Connection) => connection.call({ method: 'GET', path })

/** Lists of all pods, whole and in pages, and what the server needs to hold them. */
export async function measureLists(report: Report, load: Load, count: number, seconds: number): Promise<void> {
  const lone = { ...load, connections: load.connections.slice(0, 1) }
  const whole = await pace(lone, seconds, get(PODS))
  const page = await pace(lone, seconds, get(`${PODS}?limit=500`))
  const few = await pace(lone, seconds, get(`${PODS}?labelSelector=app%3Dnone`))
  const ceiling = count === 10_000 ? 150 : Number.POSITIVE_INFINITY
  const add = (measure: string, one: Pace, atMost: number) =>
    report.add({ measure, value: one.serverMicros / 1000, unit: 'ms', budget: { atMost }, detail: describePace(one) })
  add(`list of ${count} pods, server time`, whole, ceiling)
  add(`first 500 of ${count} pods, server time`, page, Number.POSITIVE_INFINITY)
  add(`none of ${count} pods by label, server time`, few, Number.POSITIVE_INFINITY)
  const { megabytes } = await load.usage.read()
  const budget = { atMost: count === 10_000 ? 270 : Number.POSITIVE_INFINITY }
  report.add({ measure: `memory with ${count} pods`, value: megabytes, unit: 'MB', budget })
}

/** How reads and writes of single objects fare beside so many others. */
export async function measureBeside(report: Report, load: Load, count: number, seconds: number): Promise<void> {
  const read = await pace(load, seconds, (connection, turn) =>
    connection.call({ method: 'GET', path: `${PODS}/pod-${turn % count}` }),
  )
  const write = await pace(load, seconds, (connection, turn) => {
    const body = { metadata: { name: `beside-${count}-${turn}` }, data: {} }
    return connection.call({ method: 'POST', path: MAPS, body })
  })
  const budget = { atLeast: 0 }
  const say = (what: string, one: Pace) =>
    report.add({ measure: what, value: one.perSecond, unit: '/s', budget, detail: describePace(one) })
  say(`get a pod beside ${count}`, read)
  say(`create a ConfigMap beside ${count} pods`, write)
}
