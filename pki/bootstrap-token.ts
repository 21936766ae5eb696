import { type Random, randomBelow } from '../platform/random.ts'

/** A bootstrap token, `ID.SECRET`: the id is public and names the Secret `bootstrap-token-ID` in kube-system. */
export interface BootstrapToken {
  id: string
  secret: string
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
const FORM = /^([a-z0-9]{6})\.([a-z0-9]{16})$/

export function generateBootstrapToken(random: Random): BootstrapToken {
  const pick = (length: number) => Array.from({ length }, () => ALPHABET[randomBelow(random, ALPHABET.length)]).join('')
  return { id: pick(6), secret: pick(16) }
}

/** undefined for what does not have the form of a bootstrap token. */
export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const match = FORM.exec(text)
  return match ? { id: match[1]!, secret: match[2]! } : undefined
}

export function formatBootstrapToken(token: BootstrapToken): string {
  return `${token.id}.${token.secret}`
}

export interface BootstrapTokenOptions {
  description?: string
  /** RFC 3339; absent: never. */
  expiration?: string
  groups?: string[]
}

/** The Secret that makes a token valid, as kubeadm writes it. */
export function bootstrapTokenSecret(token: BootstrapToken, options: BootstrapTokenOptions = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${token.id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': token.id,
      'token-secret': token.secret,
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': (options.groups ?? ['system:bootstrappers:kubeadm:default-node-token']).join(','),
      ...(options.description ? { description: options.description } : {}),
      ...(options.expiration ? { expiration: options.expiration } : {}),
    },
  }
}
