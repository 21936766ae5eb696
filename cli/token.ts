import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Command } from 'commander'
import { isReason } from '../api/errors.ts'
import type { Secret } from '../api/types/core-v1.ts'
import { type Client, createClient } from '../client/client.ts'
import { httpTransport } from '../client/http.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { SECRETS } from '../client/resources.ts'
import { publicKeyHash } from '../pki/keys.ts'
import { parseDuration } from './flags.ts'
import { createJoinToken, joinCommand } from './init/setup-cluster.ts'
import { table, UserError } from './output.ts'
import { systemTools, type Tools } from './tools.ts'

const TOKEN_TYPE = 'bootstrap.kubernetes.io/token'

interface Administration {
  client: Client
  endpoint: string
  authorityHash: string
}

/** Runs `work` as the cluster's administrator, by admin.conf of this machine. */
export async function asAdministrator<T>(
  tools: Tools,
  work: (administration: Administration) => Promise<T>,
): Promise<T> {
  const config = await readKubeconfig(tools.disk, join(tools.layout.kubernetes, 'admin.conf'))
  const transport = httpTransport({ server: config.server, credentials: config.credentials, clock: tools.clock })
  try {
    return await work({
      client: createClient(transport),
      endpoint: new URL(config.server).host,
      authorityHash: publicKeyHash(new X509Certificate(config.credentials.ca ?? '').publicKey),
    })
  } finally {
    await transport.close()
  }
}

export function readTtl(text: string): number {
  const ttlMs = parseDuration(text)
  if (ttlMs === undefined) throw new UserError(`--ttl=${text} must be a duration such as 24h0m0s, or 0 for no end`)
  return ttlMs
}

export function tokenCommand(program: Command): void {
  const token = program.command('token').description('manage the tokens that machines join with')
  token
    .command('create [token]')
    .description('make a new token; prints it')
    .option('--ttl <duration>', 'how long it is valid; 0 for ever', '24h0m0s')
    .option('--description <text>', 'what it is for')
    .option('--print-join-command', 'print the whole command to type on a worker')
    .action(async (wanted: string | undefined, options, command) =>
      create(wanted, options, systemTools(command.optsWithGlobals().root)),
    )
  token
    .command('list')
    .description('show the tokens, without their secret halves')
    .action(async (_, command) => list(systemTools(command.optsWithGlobals().root)))
  token
    .command('delete <id>')
    .description('make a token invalid; the id is its first six characters')
    .action(async (id: string, _, command) => remove(id, systemTools(command.optsWithGlobals().root)))
}

interface CreateOptions {
  ttl: string
  description?: string
  printJoinCommand?: boolean
}

async function create(wanted: string | undefined, options: CreateOptions, tools: Tools): Promise<void> {
  await asAdministrator(tools, async ({ client, endpoint, authorityHash }) => {
    const request = { token: wanted, ttlMs: readTtl(options.ttl), description: options.description }
    const token = await createJoinToken(client, request, tools.clock, tools.random)
    tools.output.line(options.printJoinCommand ? joinCommand({ endpoint, token, authorityHash }) : token)
  })
}

async function list(tools: Tools): Promise<void> {
  await asAdministrator(tools, async ({ client }) => {
    const secrets = client.resource<Secret>(SECRETS)
    const { items } = await secrets.list({ namespace: 'kube-system', fieldSelector: `type=${TOKEN_TYPE}` })
    const rows = items.map(secret => tokenRow(secret, tools.clock.now()))
    tools.output.line(table([['ID', 'EXPIRES', 'USAGES', 'DESCRIPTION'], ...rows]))
  })
}

function tokenRow(secret: Secret, now: number): string[] {
  const field = (name: string) => Buffer.from(secret.data?.[name] ?? '', 'base64').toString()
  const expiration = field('expiration')
  const expired = expiration !== '' && Date.parse(expiration) <= now
  const usages = ['authentication', 'signing'].filter(usage => field(`usage-bootstrap-${usage}`) === 'true')
  return [
    field('token-id'),
    expiration === '' ? '<never>' : `${expiration}${expired ? ' (expired)' : ''}`,
    usages.join(','),
    field('description') || '<none>',
  ]
}

async function remove(id: string, tools: Tools): Promise<void> {
  const shortId = id.split('.')[0] ?? ''
  if (!/^[a-z0-9]{6}$/.test(shortId))
    throw new UserError(`${JSON.stringify(id)} is not a token id: six lower-case letters or digits`)
  await asAdministrator(tools, async ({ client }) => {
    try {
      await client.resource<Secret>(SECRETS).delete(`bootstrap-token-${shortId}`, { namespace: 'kube-system' })
    } catch (error) {
      if (isReason(error, 'NotFound'))
        throw new UserError(`there is no token with the id ${shortId}`, "see 'kubox token list'")
      throw error
    }
    tools.output.line(`token ${shortId} deleted`)
  })
}
