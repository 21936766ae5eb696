import type { Service } from '../../api/types/core-v1.ts'

/** The variables that tell a container where the services of its namespace are, and where the API server is. */
export function serviceVariables(services: readonly Service[], namespace: string, links: boolean): [string, string][] {
  const chosen = new Map<string, Service>()
  for (const service of services.filter(hasAddress)) {
    const { name = '', namespace: of } = service.metadata ?? {}
    const isApi = of === 'default' && name === 'kubernetes'
    if (isApi && !chosen.has(name)) chosen.set(name, service)
    if (links && of === namespace) chosen.set(name, service)
  }
  return [...chosen.values()].flatMap(variablesOf)
}

function hasAddress({ spec }: Service): boolean {
  return Boolean(spec?.clusterIP) && spec?.clusterIP !== 'None'
}

function variablesOf({ metadata, spec }: Service): [string, string][] {
  const prefix = variableName(metadata?.name ?? '')
  const host = spec?.clusterIP ?? ''
  const ports = spec?.ports ?? []
  const first = ports[0]
  if (!first) return []
  const named = ports.filter(port => port.name)
  return [
    [`${prefix}_SERVICE_HOST`, host],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...named.map(port => [`${prefix}_SERVICE_PORT_${variableName(port.name!)}`, String(port.port)] as [string, string]),
    // The names that Docker's links had.
    [`${prefix}_PORT`, address(first.protocol, host, first.port)],
    ...ports.flatMap(port => linkVariables(prefix, host, port.port, port.protocol)),
  ]
}

function linkVariables(prefix: string, host: string, port: number, protocol = 'TCP'): [string, string][] {
  const name = `${prefix}_PORT_${port}_${protocol}`
  return [
    [name, address(protocol, host, port)],
    [`${name}_PROTO`, protocol.toLowerCase()],
    [`${name}_PORT`, String(port)],
    [`${name}_ADDR`, host],
  ]
}

function address(protocol = 'TCP', host: string, port: number): string {
  return `${protocol.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}
