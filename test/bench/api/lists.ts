import { type Report, repeat } from '../report.ts'
import type { Connection } from './connection.ts'
import { MAPS, PODS, pod } from './objects.ts'
import { describePaces, type Load, type Pace, type Pacing, pace, type Work } from './pace.ts'

/** Makes pods until there are so many; tells how fast the last of them came. */
export async function fill(load: Load, have: number, wanted: number): Promise<Pace> {
  return pace(load, Number.POSITIVE_INFINITY, (connection, turn) => {
    const index = have + turn
    return index < wanted ? connection.call({ method: 'POST', path: PODS, body: pod(`pod-${index}`) }) : false
  })
}

const get = (path: string) => (connection: Connection) => connection.call({ method: 'GET', path })

/** Lists of all pods, whole and in pages. */
export async function measureLists(report: Report, load: Load, count: number, pacing: Pacing): Promise<void> {
  const lone = { ...load, connections: load.connections.slice(0, 1) }
  const whole = await paces(lone, pacing, get(PODS))
  const page = await paces(lone, pacing, get(`${PODS}?limit=500`))
  const few = await paces(lone, pacing, get(`${PODS}?labelSelector=app%3Dnone`))
  const ceiling = count === 10_000 ? 150 : Number.POSITIVE_INFINITY
  const add = (measure: string, found: Pace[], atMost: number) => {
    const value = found.map(one => one.serverMicros / 1000)
    report.add({ measure, value, unit: 'ms', budget: { atMost }, ...describePaces(found) })
  }
  add(`list of ${count} pods, server time`, whole, ceiling)
  add(`first 500 of ${count} pods, server time`, page, Number.POSITIVE_INFINITY)
  add(`none of ${count} pods by label, server time`, few, Number.POSITIVE_INFINITY)
}

function paces(load: Load, { seconds, rounds }: Pacing, work: Work): Promise<Pace[]> {
  return repeat(rounds, () => pace(load, seconds, work))
}

/** How reads and writes of single objects fare beside so many others. */
export async function measureBeside(report: Report, load: Load, count: number, pacing: Pacing): Promise<void> {
  const read = await paces(load, pacing, (connection, turn) =>
    connection.call({ method: 'GET', path: `${PODS}/pod-${turn % count}` }),
  )
  let made = 0
  const write = await paces(load, pacing, connection => {
    const body = { metadata: { name: `beside-${count}-${made++}` }, data: {} }
    return connection.call({ method: 'POST', path: MAPS, body })
  })
  const budget = { atLeast: 0 }
  const say = (measure: string, found: Pace[]) =>
    report.add({ measure, value: found.map(one => one.perSecond), unit: '/s', budget, ...describePaces(found) })
  say(`get a pod beside ${count}`, read)
  say(`create a ConfigMap beside ${count} pods`, write)
}
