import type { FieldError } from '../kind.ts'
import { isLabel1035Name, isSubdomainName } from '../names.ts'
import type {
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ServiceReference,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../types/admissionregistration-v1.ts'
import { port } from './checks.ts'
import { duplicate, invalid, required } from './errors.ts'

/** Where the server asks others before it stores something: whom, about what, and in which words. */
export function validateWebhooks({
  webhooks,
}: ValidatingWebhookConfiguration | MutatingWebhookConfiguration): FieldError[] {
  const list: readonly { name: string }[] = webhooks ?? []
  return list.flatMap(({ name }, index) => {
    const twice = name !== '' && list.findIndex(other => other.name === name) < index
    return twice ? [duplicate(`webhooks[${index}].name`, name)] : []
  })
}

export function fullName(name: string, path: string): FieldError[] {
  const problems = isSubdomainName(name)
  if (problems.length > 0) return [invalid(path, name, problems.join(','))]
  const detail = 'should be a domain with at least three segments separated by dots'
  return name.split('.').length < 3 ? [invalid(path, name, detail)] : []
}

const REVIEWS = ['v1', 'v1beta1']

export function reviewVersions(versions: string[], path: string): FieldError[] {
  const isKnown = versions.some(version => REVIEWS.includes(version))
  const detail = `must include at least one of ${REVIEWS.join(', ')}`
  return [
    ...versions.flatMap((version, index) =>
      versions.indexOf(version) < index
        ? [invalid(`${path}[${index}]`, version, 'duplicate version')]
        : isLabel1035Name(version).map(problem => invalid(`${path}[${index}]`, version, problem)),
    ),
    ...(isKnown ? [] : [invalid(path, versions, detail)]),
  ]
}

/** `*` says all: nothing else may stand beside it. */
export function aloneIfAll(what: string) {
  return (list: string[], path: string): FieldError[] =>
    list.length > 1 && list.includes('*')
      ? [invalid(path, list, `if '*' is present, must not specify other ${what}`)]
      : []
}

export const noneEmpty = (list: string[], path: string): FieldError[] =>
  list.flatMap((one, index) => (one === '' ? [required(`${path}[${index}]`)] : []))

// `pods`, `pods/status`, `pods/*`, `*/scale`, `*` and `*/*`: what says a thing twice is a mistake.
export function webhookResources({ resources = [] }: RuleWithOperations, path: string): FieldError[] {
  const where = `${path}.resources`
  const errors = resources.flatMap((one, index) => saidBefore(one, resources.slice(0, index), `${where}[${index}]`))
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(where, resources, "if '*/*' is present, must not specify other resources"))
  }
  if (resources.includes('*') && resources.some(one => one !== '*' && one !== '' && !one.includes('/'))) {
    const detail = "if '*' is present, must not specify other resources without subresources"
    errors.push(invalid(where, resources, detail))
  }
  return errors
}

function saidBefore(one: string, before: readonly string[], path: string): FieldError[] {
  const slash = one.indexOf('/')
  if (slash < 0) return []
  const [resource, sub] = [one.slice(0, slash), one.slice(slash + 1)]
  const wider = new Set([`${resource}/*`, `*/${sub}`])
  return [...wider]
    .filter(all => before.includes(all))
    .map(all => invalid(path, one, `if '${all}' is present, must not specify ${one}`))
}

export function webhookClient({ url, service }: WebhookClientConfig, path: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) {
    return [required(path, 'exactly one of url or service is required')]
  }
  return url === undefined ? servicePath(service!, `${path}.service`) : webhookUrl(url, `${path}.url`)
}

const FORM = '; desired format: https://host[/path]'
/** The parts of a URL, whatever they hold: it is said of each what is wrong with it. */
const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/

function webhookUrl(url: string, path: string): FieldError[] {
  const [, scheme = '', authority = '', query = '', fragment = ''] = URL_PARTS.exec(url) ?? []
  const at = authority.lastIndexOf('@')
  const [user, host] = at < 0 ? ['', authority] : [authority.slice(0, at), authority.slice(at + 1)]
  const faults: [boolean, string, string][] = [
    [scheme.toLowerCase() !== 'https', scheme, `'https' is the only allowed URL scheme${FORM}`],
    [host === '', host, `host must be specified${FORM}`],
    [at >= 0, user, 'user information is not permitted in the URL'],
    [fragment !== '', fragment, 'fragments are not permitted in the URL'],
    [query !== '', query, 'query parameters are not permitted in the URL'],
  ]
  return faults.filter(([isWrong]) => isWrong).map(([, value, detail]) => invalid(path, value, detail))
}

export function servicePort(value: number, path: string): FieldError[] {
  return port(value, path).map(({ detail }) => invalid(path, value, `port is not valid: ${detail}`))
}

function servicePath({ path: value = '' }: ServiceReference, path: string): FieldError[] {
  const where = `${path}.path`
  if (value === '' || value === '/') return []
  if (value === '//') return [invalid(where, value, 'segment[0] may not be empty')]
  const steps = value.slice(1).replace(/\/$/, '').split('/')
  return [
    ...(value.startsWith('/') ? [] : [invalid(where, value, "must start with a '/'")]),
    ...steps.flatMap((step, index) => {
      if (step === '') return [invalid(where, value, `segment[${index}] may not be empty`)]
      return isSubdomainName(step).map(problem => invalid(where, value, `segment[${index}]: ${problem}`))
    }),
  ]
}
