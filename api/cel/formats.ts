import { type Environment, Optional } from '@marcbachmann/cel-js'
import {
  isLabel1035Name,
  isLabelName,
  isLabelValue,
  isQualifiedName,
  isSubdomainName,
  type NameRule,
} from '../names.ts'
import { spend } from './budget.ts'

/** `format.named("date").validate(text)`: the forms that Kubernetes has names for. Nothing: it is well. */
class Formats {}

class Format {
  readonly rule: NameRule

  constructor(rule: NameRule) {
    this.rule = rule
  }
}

/** A prefix may end as no name may: something follows. */
const asPrefix =
  (rule: NameRule): NameRule =>
  text =>
    rule(text.endsWith('-') ? `${text.slice(0, -1)}a` : text)

const test =
  (is: (text: string) => boolean, problem: string): NameRule =>
  text =>
    is(text) ? [] : [problem]

const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const RULES: Readonly<Record<string, NameRule>> = {
  dns1123Label: isLabelName,
  dns1123Subdomain: isSubdomainName,
  dns1035Label: isLabel1035Name,
  qualifiedName: isQualifiedName,
  dns1123LabelPrefix: asPrefix(isLabelName),
  dns1123SubdomainPrefix: asPrefix(isSubdomainName),
  dns1035LabelPrefix: asPrefix(isLabel1035Name),
  labelValue: isLabelValue,
  uri: test(text => text.startsWith('/') || URL.canParse(text), 'invalid URI for request'),
  uuid: test(text => UUID.test(text), 'does not match the UUID format'),
  byte: test(text => BASE64.test(text), 'invalid base64'),
  date: test(text => DATE.test(text) && !Number.isNaN(Date.parse(text)), 'invalid date'),
  datetime: test(text => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)), 'invalid datetime'),
}

export function addFormats(environment: Environment): void {
  const named = (name: string) => Optional.of(new Format(RULES[name]!))
  environment
    .registerType('kubernetes.Formats', Formats)
    .registerType('kubernetes.NamedFormat', Format)
    .registerConstant('format', 'kubernetes.Formats', new Formats())
    .registerFunction('kubernetes.Formats.named(string): optional', (_: Formats, name: string) =>
      Object.hasOwn(RULES, name) ? named(name) : Optional.none(),
    )
    .registerFunction('kubernetes.NamedFormat.validate(string): optional', ({ rule }: Format, text: string) => {
      spend(1 + text.length / 10)
      const problems = rule(text)
      return problems.length === 0 ? Optional.none() : Optional.of(problems)
    })
  for (const [name, rule] of Object.entries(RULES))
    environment.registerFunction(`kubernetes.Formats.${name}(): kubernetes.NamedFormat`, () => new Format(rule))
}
