import type { Container } from '../../api/types/core-v1.ts'
import type { IntOrString } from '../../api/types/scalars.ts'

/** A port by number, or by the name it has in the container's list. */
export function portNumber(port: IntOrString, container: Pick<Container, 'name' | 'ports'>): number {
  if (typeof port === 'number') return port
  const named = container.ports?.find(one => one.name === port)
  if (named) return named.containerPort
  if (/^\d+$/.test(port)) return Number(port)
  throw new Error(`couldn't find port "${port}" in container "${container.name}"`)
}
