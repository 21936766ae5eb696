import type { TokenReview } from '../../api/types/authentication-v1.ts'
import type { SubjectAccessReview } from '../../api/types/authorization-v1.ts'
import type { Client } from '../../client/client.ts'
import { SUBJECT_ACCESS_REVIEWS, TOKEN_REVIEWS } from '../../client/resources.ts'
import type { Access } from '../../kubelet/serve/access.ts'

/** The agent decides nothing about people itself: the API server says who a token is and what they may. */
export function askApiServer(client: Client, nodeName: string): Access {
  return {
    async authenticateToken(token) {
      const review = await client.resource<TokenReview>(TOKEN_REVIEWS).create({ spec: { token } })
      const { authenticated, user } = review.status ?? {}
      return authenticated && user?.username
        ? { name: user.username, uid: user.uid, groups: user.groups ?? [] }
        : undefined
    },
    async authorize(who, { verb, subresource }) {
      const review = await client.resource<SubjectAccessReview>(SUBJECT_ACCESS_REVIEWS).create({
        spec: {
          user: who.name,
          uid: who.uid,
          groups: who.groups,
          resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName },
        },
      })
      return review.status?.allowed ?? false
    },
  }
}
