import { isIP } from 'node:net'

/** Rules for names, with Kubernetes' sentences. Each rule returns what is wrong with a value, [] when nothing is. */
export type NameRule = (name: string) => string[]

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const SUBDOMAIN_PATTERN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'

function tooLong(max: number): string {
  return `must be no more than ${max} bytes`
}

const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN_PATTERN}')`

const RESOLVABLE_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"

const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

const LABEL_1035_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
  "end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is " +
  "'[a-z]([-a-z0-9]*[a-z0-9])?')"

function fits(name: string, max: number, ok: boolean, message: string): string[] {
  const problems: string[] = []
  if (name.length > max) problems.push(tooLong(max))
  if (!ok) problems.push(message)
  return problems
}

/** A DNS subdomain: the rule for most names. Its labels are split by hand: no pattern that could take long. */
export const isSubdomainName: NameRule = name => {
  const ok = name.length > 0 && name.split('.').every(label => LABEL.test(label))
  return fits(name, 253, ok, SUBDOMAIN_MESSAGE)
}

/** What a resolver may be asked for: also names like `_sip._tcp`. */
export const isResolvableName: NameRule = name => {
  const ok = name.split('.').every(label => /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/.test(label))
  return fits(name, 253, ok, RESOLVABLE_MESSAGE)
}

export const isLabelName: NameRule = name => {
  const isSubdomain = name.length > 0 && name.split('.').every(label => LABEL.test(label))
  return fits(name, 63, LABEL.test(name), isSubdomain ? 'must not contain dots' : LABEL_MESSAGE)
}

export const isLabel1035Name: NameRule = name => fits(name, 63, LABEL_1035.test(name), LABEL_1035_MESSAGE)

/** RBAC names and a few others: anything that is one segment of a path. */
export const isPathSegmentName: NameRule = name => {
  if (name === '.') return ["may not be '.'"]
  if (name === '..') return ["may not be '..'"]
  return ['/', '%'].filter(illegal => name.includes(illegal)).map(illegal => `may not contain '${illegal}'`)
}

const QUALIFIED_PART =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. " +
  "'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

/** `example.com/name` or `name`: keys of labels and annotations, taints, resources. */
export const isQualifiedName: NameRule = key => {
  const parts = key.split('/')
  if (parts.length > 2) {
    return [
      `a qualified name ${QUALIFIED_PART} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const problems: string[] = []
  if (parts.length === 2) {
    const prefix = parts[0]!
    if (prefix === '') problems.push('prefix part must be non-empty')
    else problems.push(...isSubdomainName(prefix).map(problem => `prefix part ${problem}`))
  }
  const name = parts.at(-1)!
  if (name === '') problems.push('name part must be non-empty')
  else if (name.length > 63) problems.push(`name part ${tooLong(63)}`)
  if (!QUALIFIED.test(name)) problems.push(`name part ${QUALIFIED_PART}`)
  return problems
}

export const isLabelValue: NameRule = value =>
  fits(
    value,
    63,
    value === '' || QUALIFIED.test(value),
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
      "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  )

/** A port's name. */
export const isPortName: NameRule = port => {
  const problems: string[] = []
  if (port.length > 15) problems.push(tooLong(15))
  if (!/^[-a-z0-9]+$/.test(port))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(port)) problems.push('must contain at least one letter (a-z)')
  if (port.includes('--')) problems.push('must not contain consecutive hyphens')
  if (port.startsWith('-') || port.endsWith('-')) problems.push('must not begin or end with a hyphen')
  return problems
}

/** A key of a ConfigMap or Secret. */
export const isConfigKey: NameRule = key => {
  const problems: string[] = []
  if (key.length > 253) problems.push(tooLong(253))
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    problems.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or " +
        "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    )
  }
  if (key === '.' || key === '..') problems.push(`must not be '${key}'`)
  else if (key.startsWith('..')) problems.push("must not start with '..'")
  return problems
}

/** The name of an environment variable: any printable ASCII but `=`. */
export const isEnvironmentName: NameRule = name => {
  if (name === '') return ['environment variable name must be non-empty']
  if (/^[ -<>-~]+$/.test(name)) return []
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

/** `*.example.com` */
export const isWildcardSubdomain: NameRule = name =>
  name.startsWith('*.') && isSubdomainName(name.slice(2)).length === 0 && name.length <= 253
    ? []
    : [
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of " +
          "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', " +
          "regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ]

const ADDRESS_PROBLEM = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

export const isAddress: NameRule = name => (isIP(name) === 0 ? [ADDRESS_PROBLEM] : [])
