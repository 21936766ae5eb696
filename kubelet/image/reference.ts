/** An image's name taken apart; `name` is complete, with registry and repository. */
export interface ImageReference {
  registry: string
  repository: string
  tag?: string
  digest?: string
}

const SHAPE =
  /^((?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?)\/)?([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,}))?$/
const DEFAULT_REGISTRY = 'docker.io'

/** Undefined for what cannot be an image's name. */
export function parseReference(text: string): ImageReference | undefined {
  const match = SHAPE.exec(text)
  if (!match) return undefined
  const host = match[1]?.slice(0, -1)
  const path = match[2]!
  const isRegistry = host !== undefined && (/[.:]/.test(host) || host === 'localhost')
  const repository = isRegistry || host === undefined ? path : `${host}/${path}`
  const official = !isRegistry && !repository.includes('/')
  return {
    registry: isRegistry ? host : DEFAULT_REGISTRY,
    repository: official ? `library/${repository}` : repository,
    tag: match[3],
    digest: match[4],
  }
}

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never'

/** What Kubernetes assumes where no policy is said: images that move are asked for each time. */
export function defaultPolicy(reference: ImageReference): PullPolicy {
  const moves = reference.digest === undefined && (reference.tag ?? 'latest') === 'latest'
  return moves ? 'Always' : 'IfNotPresent'
}
