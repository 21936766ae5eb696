import type { Identity } from '../../api/exchange.ts'
import type { TokenAuthenticator, TokenIdentity } from './authenticator.ts'

/** --token-auth-file: lines of `token,user,uid,"group1,group2"`. */
export class StaticTokens implements TokenAuthenticator {
  readonly #users: ReadonlyMap<string, Identity>

  constructor(csv: string) {
    this.#users = new Map(parseTokenFile(csv))
  }

  async authenticateToken(token: string): Promise<TokenIdentity | undefined> {
    return this.#users.get(token)
  }
}

export function parseTokenFile(csv: string): [string, Identity][] {
  const lines = csv.split('\n').filter(line => line.trim() !== '' && !line.startsWith('#'))
  return lines.map((line, index) => {
    const [token, name, uid, groups = ''] = fieldsOf(line)
    if (!token || !name || uid === undefined) {
      // The line itself holds a secret: only its place is told.
      throw new Error(`line ${index + 1} of the token file must be token,user,uid[,"group,group"]`)
    }
    return [token, { name, uid, groups: groups.split(',').filter(group => group !== '') }]
  })
}

function fieldsOf(line: string): string[] {
  const fields = line.match(/("(?:[^"]|"")*"|[^,]*)(,|$)/g) ?? []
  return fields.map(field =>
    field
      .replace(/,$/, '')
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replaceAll('""', '"'),
  )
}
