import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { ApiError } from '../../api/errors.ts'
import type { Identity } from '../../api/exchange.ts'
import { type AccessAttributes, accessAttributes } from './routes.ts'

export interface Access {
  /** Whose token this is, asked of the API server (TokenReview); undefined: nobody's. */
  authenticateToken?(token: string): Promise<Identity | undefined>
  /** May they, asked of the API server (SubjectAccessReview on nodes/SUBRESOURCE)? */
  authorize?(who: Identity, attributes: AccessAttributes): Promise<boolean>
}

/** Members are allowed everything everywhere in Kubernetes, before any rule is looked at. */
const MASTERS = 'system:masters'

/** Lets a request pass, or throws Unauthorized or Forbidden. */
export async function checkAccess(request: IncomingMessage, path: string, access: Access): Promise<Identity> {
  const who = certificateIdentity(request) ?? (await tokenIdentity(request, access))
  if (!who) throw new ApiError('Unauthorized', 'Unauthorized')
  const attributes = accessAttributes(request.method ?? 'GET', path)
  if (who.groups.includes(MASTERS)) return who
  if (await access.authorize?.(who, attributes)) return who
  const { verb, subresource } = attributes
  throw new ApiError(
    'Forbidden',
    `Forbidden (user=${who.name}, verb=${verb}, resource=nodes, subresource=${subresource})`,
  )
}

/** The subject of a client certificate, if the TLS layer found it good. */
function certificateIdentity(request: IncomingMessage): Identity | undefined {
  const { socket } = request
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { CN, O } = socket.getPeerCertificate().subject ?? {}
  const name = [CN].flat()[0]
  return name ? { name, groups: O === undefined ? [] : [O].flat() } : undefined
}

async function tokenIdentity(request: IncomingMessage, access: Access): Promise<Identity | undefined> {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  return token ? await access.authenticateToken?.(token) : undefined
}
