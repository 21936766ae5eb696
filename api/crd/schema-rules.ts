import type { FieldError } from '../kind.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.ts'
import { invalid, required, unsupported } from '../validate/errors.ts'
import { validateExpression } from '../validate/expressions.ts'
import { schemaAt } from './field-path.ts'

/** Rules that a schema brings in CEL, as they are written: what they find in objects is asked in rules.ts. */
export function validateSchemaRules(schema: JSONSchemaProps, path: string, loose: string | undefined): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
    const where = `${path}.x-kubernetes-validations[${index}]`
    const errors = validateWords(rule, schema, where)
    return errors.length > 0 ? errors : validateExpressions(rule, where, loose)
  })
}

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const hasBreak = (text: string) => /[\n\r]/.test(text.trim())

function validateWords(rule: ValidationRule, schema: JSONSchemaProps, path: string): FieldError[] {
  const { messageExpression: expression, reason, fieldPath } = rule
  const errors = validateMessage(rule, path)
  if (expression && !expression.trim()) {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'))
  }
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(unsupported(`${path}.reason`, reason, REASONS))
  if (fieldPath && !schemaAt(schema, fieldPath)) {
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'fieldPath must be a valid path'))
  }
  return errors
}

function validateMessage({ rule = '', message = '' }: ValidationRule, path: string): FieldError[] {
  const where = `${path}.message`
  if (!rule.trim()) return [required(`${path}.rule`, 'rule is not specified')]
  if (message && !message.trim()) return [invalid(where, message, 'message must be non-empty if specified')]
  if (hasBreak(message)) return [invalid(where, message, 'message must not contain line breaks')]
  const isUnclear = hasBreak(rule) && !message
  return isUnclear ? [required(where, 'message must be specified if rule contains line breaks')] : []
}

const NAMES = ['self', 'oldSelf']

/** A rule that compares with before makes sense only where it is known what was before. */
function validateExpressions(written: ValidationRule, path: string, loose: string | undefined): FieldError[] {
  const { rule, messageExpression, optionalOldSelf } = written
  const where = `${path}.rule`
  const errors = [
    ...validateExpression(rule, where, { names: NAMES, result: 'bool' }),
    ...validateExpression(messageExpression || undefined, `${path}.messageExpression`, {
      names: NAMES,
      result: 'string',
    }),
  ]
  const compares = /\boldSelf\b/.test(rule)
  if (compares && loose !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${loose}`
    errors.push(invalid(where, rule, detail))
  }
  if (!compares && optionalOldSelf !== undefined) {
    const detail = 'may not be set if oldSelf is not used in rule'
    errors.push(invalid(`${path}.optionalOldSelf`, optionalOldSelf, detail))
  }
  return errors
}
