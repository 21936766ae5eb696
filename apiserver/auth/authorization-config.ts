import { celProblem } from '../../api/cel/check.ts'
import { parseDuration } from '../../api/duration.ts'
import type { FieldError } from '../../api/kind.ts'
import { isSubdomainName } from '../../api/names.ts'
import { duplicate, forbidden, invalid, required, tooMany, unsupported } from '../../api/validate/errors.ts'
import { isRecord } from '../../api/values.ts'
import type { AuthorizationMode } from '../options.ts'
import type { AuthWebhook } from './webhooks.ts'

/** A webhook as --authorization-config names it: where it is, and who we are to it, stands in a kubeconfig of its own. */
export type ConfiguredWebhook = Omit<AuthWebhook, 'url'> & { kubeConfigFile: string }

type Parsed = AuthorizationMode | ConfiguredWebhook
type Fields = Readonly<Record<string, unknown>>

const VERSIONS = ['v1', 'v1beta1', 'v1alpha1'].map(version => `apiserver.config.k8s.io/${version}`)
const PLAIN: readonly AuthorizationMode[] = ['Node', 'RBAC', 'AlwaysAllow', 'AlwaysDeny']
const LONGEST_TIMEOUT_MS = 30_000
const MOST_CONDITIONS = 64

/** AuthorizationConfiguration: the authorizers in their order; or all that is wrong with what was written. */
export function parseAuthorizationConfig(config: unknown): { authorizers: Parsed[]; errors: FieldError[] } {
  if (!isRecord(config)) return { authorizers: [], errors: [required('kind')] }
  const { apiVersion, kind, authorizers } = config
  const errors = unknownFields(config, '', ['apiVersion', 'kind', 'authorizers'])
  if (!VERSIONS.includes(apiVersion as string)) errors.push(unsupported('apiVersion', apiVersion, VERSIONS))
  if (kind !== 'AuthorizationConfiguration') errors.push(unsupported('kind', kind, ['AuthorizationConfiguration']))
  const list: unknown[] = Array.isArray(authorizers) ? authorizers : []
  if (list.length === 0) errors.push(required('authorizers', 'at least one authorization mode must be defined'))
  const entries = list.map((one, index) => ({ fields: fieldsOf(one), path: `authorizers[${index}]` }))
  for (const [index, { fields, path }] of entries.entries()) {
    const before = entries.slice(0, index).map(entry => entry.fields)
    errors.push(...authorizerErrors(fields, path, before))
  }
  return { authorizers: errors.length > 0 ? [] : entries.map(({ fields }) => made(fields)), errors }
}

function authorizerErrors(fields: Fields, path: string, before: readonly Fields[]): FieldError[] {
  const { type, name, webhook } = fields
  const errors = unknownFields(fields, `${path}.`, ['type', 'name', 'webhook'])
  if (!type) errors.push(required(`${path}.type`))
  else if (type !== 'Webhook' && !PLAIN.includes(type as AuthorizationMode)) {
    errors.push(unsupported(`${path}.type`, type, [...PLAIN, 'Webhook']))
  } else if (type !== 'Webhook' && before.some(one => one.type === type)) errors.push(duplicate(`${path}.type`, type))
  if (!name) errors.push(required(`${path}.name`))
  else if (before.some(one => one.name === name)) errors.push(duplicate(`${path}.name`, name))
  else errors.push(...isSubdomainName(String(name)).map(problem => invalid(`${path}.name`, name, problem)))
  if (type === 'Webhook') errors.push(...webhookErrors(webhook, `${path}.webhook`))
  else if (webhook !== undefined) {
    errors.push(forbidden(`${path}.webhook`, 'may only be specified when type=Webhook'))
  }
  return errors
}

const WEBHOOK_FIELDS = [
  ...['authorizedTTL', 'cacheAuthorizedRequests', 'unauthorizedTTL', 'cacheUnauthorizedRequests', 'timeout'],
  ...['subjectAccessReviewVersion', 'matchConditionSubjectAccessReviewVersion', 'failurePolicy', 'connectionInfo'],
  'matchConditions',
]

function webhookErrors(value: unknown, path: string): FieldError[] {
  if (!isRecord(value)) return [required(path, 'required when type=Webhook')]
  const at = (field: string) => `${path}.${field}`
  return [
    ...unknownFields(value, `${path}.`, WEBHOOK_FIELDS),
    ...timeoutErrors(value.timeout, at('timeout')),
    ...['authorizedTTL', 'unauthorizedTTL'].flatMap(field => ttlErrors(value[field], at(field))),
    ...['cacheAuthorizedRequests', 'cacheUnauthorizedRequests'].flatMap(field =>
      [undefined, true, false].includes(value[field] as boolean | undefined)
        ? []
        : [invalid(at(field), value[field], 'must be true or false')],
    ),
    ...choiceErrors(value.subjectAccessReviewVersion, at('subjectAccessReviewVersion'), ['v1', 'v1beta1']),
    ...choiceErrors(value.failurePolicy, at('failurePolicy'), ['NoOpinion', 'Deny']),
    ...connectionErrors(value.connectionInfo, at('connectionInfo')),
    ...conditionErrors(value, path),
  ]
}

function timeoutErrors(value: unknown, path: string): FieldError[] {
  if (value === undefined) return [required(path)]
  const ms = millisecondsOf(value)
  if (ms === undefined) return [invalid(path, value, 'must be a duration such as 3s')]
  if (ms <= 0) return [invalid(path, value, 'must be > 0s')]
  return ms > LONGEST_TIMEOUT_MS ? [invalid(path, value, 'must be <= 30s')] : []
}

function ttlErrors(value: unknown, path: string): FieldError[] {
  if (value === undefined) return []
  const ms = millisecondsOf(value)
  if (ms === undefined) return [invalid(path, value, 'must be a duration such as 5m')]
  return ms < 0 ? [invalid(path, value, 'must be > 0s')] : []
}

function choiceErrors(value: unknown, path: string, choices: readonly string[]): FieldError[] {
  if (!value) return [required(path)]
  return choices.includes(value as string) ? [] : [unsupported(path, value, choices)]
}

function connectionErrors(value: unknown, path: string): FieldError[] {
  const { type, kubeConfigFile } = fieldsOf(value)
  const errors = isRecord(value) ? unknownFields(value, `${path}.`, ['type', 'kubeConfigFile']) : []
  // This server runs beside its cluster and not inside of it: there is no account of a pod that it could use.
  errors.push(...choiceErrors(type, `${path}.type`, ['KubeConfigFile']))
  if (!kubeConfigFile) return [...errors, required(`${path}.kubeConfigFile`)]
  if (typeof kubeConfigFile === 'string' && kubeConfigFile.startsWith('/')) return errors
  return [...errors, invalid(`${path}.kubeConfigFile`, kubeConfigFile, 'must be an absolute path')]
}

function conditionErrors(webhook: Fields, path: string): FieldError[] {
  const { matchConditions, matchConditionSubjectAccessReviewVersion: version } = webhook
  const list: unknown[] = Array.isArray(matchConditions) ? matchConditions : []
  const versionPath = `${path}.matchConditionSubjectAccessReviewVersion`
  const errors = list.length > 0 || version ? choiceErrors(version, versionPath, ['v1']) : []
  if (list.length > MOST_CONDITIONS) errors.push(tooMany(`${path}.matchConditions`, list.length, MOST_CONDITIONS))
  const texts = list.map(one => fieldsOf(one).expression)
  for (const [index, text] of texts.entries()) {
    const where = `${path}.matchConditions[${index}].expression`
    const problem =
      typeof text === 'string' && text.trim() ? celProblem(text, { names: ['request'], result: 'bool' }) : ''
    if (problem === '') errors.push(required(where))
    else if (problem !== undefined) errors.push(invalid(where, text, `compilation failed: ${problem}`))
    else if (texts.indexOf(text) < index) errors.push(duplicate(where, text))
  }
  return errors
}

function made({ type, name, webhook }: Fields): Parsed {
  if (type !== 'Webhook') return type as AuthorizationMode
  const fields = webhook as Fields
  const goodFor = (ttl: unknown, isCached: unknown) => (isCached === false ? 0 : millisecondsOf(ttl) || undefined)
  return {
    name: name as string,
    version: fields.subjectAccessReviewVersion as AuthWebhook['version'],
    timeoutMs: millisecondsOf(fields.timeout),
    yesGoodMs: goodFor(fields.authorizedTTL, fields.cacheAuthorizedRequests),
    noGoodMs: goodFor(fields.unauthorizedTTL, fields.cacheUnauthorizedRequests),
    onFailure: fields.failurePolicy as AuthWebhook['onFailure'],
    conditions: ((fields.matchConditions ?? []) as { expression: string }[]).map(({ expression }) => expression),
    kubeConfigFile: fieldsOf(fields.connectionInfo).kubeConfigFile as string,
  }
}

function millisecondsOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined
}

function unknownFields(fields: Fields, prefix: string, known: readonly string[]): FieldError[] {
  return Object.keys(fields)
    .filter(key => !known.includes(key))
    .map(key => forbidden(`${prefix}${key}`, 'unknown field'))
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}
