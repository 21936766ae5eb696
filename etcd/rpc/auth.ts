import { EtcdError, GrpcCode } from '../errors.ts'
import type { Methods } from './grpc.ts'

const CALLS = [
  'AuthEnable AuthDisable AuthStatus Authenticate UserAdd UserGet UserList UserDelete UserChangePassword UserGrantRole',
  'UserRevokeRole RoleAdd RoleGet RoleList RoleDelete RoleGrantPermission RoleRevokePermission',
].flatMap(line => line.split(' '))

const REFUSAL = new EtcdError(
  GrpcCode.unimplemented,
  'etcdserver: this store keeps no users and roles; it is protected by client certificates (--client-cert-auth)',
)

export function authMethods(): Methods {
  return Object.fromEntries(CALLS.map(name => [`/etcdserverpb.Auth/${name}`, call => call.end(REFUSAL)]))
}
