import { createHash } from 'node:crypto'
import type { ApiResponse } from '../../api/exchange.ts'
import type { Catalog } from '../catalog.ts'
import type { VersionInfo } from '../options.ts'
import { jsonResponse, type Routes } from './routes.ts'

export function addOpenApi(routes: Routes, catalog: Catalog, version: VersionInfo): void {
  const groupVersions = () =>
    catalog
      .groups()
      .flatMap(({ name, versions }) => versions.map(one => (name === '' ? `api/${one}` : `apis/${name}/${one}`)))
  routes.add('/openapi/v2', () => minimalV2(version))
  routes.add('/openapi/v3', () =>
    jsonResponse({
      paths: Object.fromEntries(
        groupVersions().map(path => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(catalog, path)}` }]),
      ),
    }),
  )
  routes.add('/openapi/v3/', (_call, rest) => {
    if (!groupVersions().includes(rest)) return undefined
    return jsonResponse(v3Document(catalog, rest, version))
  })
}

function hashOf(catalog: Catalog, path: string): string {
  return createHash('sha512').update(`${path} ${catalog.generation}`).digest('hex').toUpperCase().slice(0, 64)
}

function v3Document(catalog: Catalog, path: string, version: VersionInfo) {
  const parts = path.split('/')
  const [group, one] = parts[0] === 'api' ? ['', parts[1]!] : [parts[1]!, parts[2]!]
  const paths: Record<string, unknown> = {}
  for (const kind of catalog.inVersion(group, one)) {
    const where = kind.namespaced
      ? `/${path}/namespaces/{namespace}/${kind.plural}/{name}`
      : `/${path}/${kind.plural}/{name}`
    paths[where] = {
      patch: {
        parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
        'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
      },
    }
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: version.gitVersion }, paths }
}

function minimalV2(_version: VersionInfo): ApiResponse {
  const body = Buffer.from([0x0a, 3, 0x32, 0x2e, 0x30, 0x12, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x31])
  return {
    status: 200,
    headers: { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' },
    body,
  }
}
