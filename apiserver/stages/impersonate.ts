import { badRequest } from '../../api/errors.ts'
import type { ApiRequest, Identity } from '../../api/exchange.ts'
import { type Attributes, resourceAttributes } from '../auth/attributes.ts'
import { asAuthenticated } from '../auth/authenticator.ts'
import { extrasOf, splitHeader } from '../auth/request-header.ts'
import { accountGroups, parseServiceAccountName } from '../auth/service-accounts.ts'
import type { Authorization } from './authorize.ts'

const EXTRA_PREFIX = 'impersonate-extra-'

/** `kubectl --as`: the caller acts as somebody else, if he may impersonate every part of that somebody. */
export async function impersonate(
  request: ApiRequest,
  user: Identity,
  authorization: Authorization,
): Promise<Identity> {
  const wanted = impersonated(request.headers)
  if (!wanted) return user
  for (const question of questionsFor(user, wanted)) await authorization.require(question)
  return asAuthenticated(withServiceAccountGroups(wanted))
}

function speaksForOthers(headers: ApiRequest['headers']): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true
  return false
}

/** Whom the headers name; undefined when they name nobody. */
function impersonated(headers: ApiRequest['headers']): Identity | undefined {
  if (!speaksForOthers(headers)) return undefined
  const name = headers['impersonate-user']
  const groups = splitHeader(headers['impersonate-group'])
  const uid = headers['impersonate-uid']
  const extra = extrasOf(headers, [EXTRA_PREFIX])
  if (!name) {
    if (groups.length === 0 && !uid && Object.keys(extra).length === 0) return undefined
    throw badRequest('requested impersonation of groups, uid or extra without impersonating a user')
  }
  return { name, groups, extra, ...(uid ? { uid } : {}) }
}

function questionsFor(user: Identity, wanted: Identity): Attributes[] {
  const ask = (group: string, plural: string, name: string, more: Partial<Attributes> = {}) =>
    resourceAttributes(user, 'impersonate', { group, plural, name, ...more })
  const account = parseServiceAccountName(wanted.name)
  const authentication = 'authentication.k8s.io'
  return [
    account
      ? ask('', 'serviceaccounts', account.name, { namespace: account.namespace })
      : ask('', 'users', wanted.name),
    ...wanted.groups.map(group => ask('', 'groups', group)),
    ...(wanted.uid ? [ask(authentication, 'uids', wanted.uid)] : []),
    ...Object.entries(wanted.extra ?? {}).flatMap(([key, values]) =>
      values.map(value => ask(authentication, 'userextras', value, { subresource: key })),
    ),
  ]
}

/** Naming a service account without groups means with those that it has. */
function withServiceAccountGroups(identity: Identity): Identity {
  const account = parseServiceAccountName(identity.name)
  if (!account || identity.groups.length > 0) return identity
  return { ...identity, groups: accountGroups(account.namespace) }
}
