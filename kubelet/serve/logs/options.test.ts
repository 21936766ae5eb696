import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../../api/errors.ts'
import { type LogOptions, parseLogOptions } from './options.ts'

const NOW = Date.parse('2026-01-01T00:01:00Z')

describe('the query of container logs', () => {
  const GOOD: [query: string, options: Partial<LogOptions>][] = [
    ['', {}],
    ['follow=true&previous=true&timestamps=true', { follow: true, previous: true, timestamps: true }],
    ['follow=1', { follow: true }],
    ['follow=false', {}],
    ['tailLines=0', { tailLines: 0 }],
    ['tail=5', { tailLines: 5 }],
    ['tail=all', {}],
    ['limitBytes=100', { limitBytes: 100 }],
    ['sinceSeconds=30', { since: '2026-01-01T00:00:30.000000000Z' }],
    ['sinceTime=2026-01-01T01:00:00.5%2B01:00', { since: '2026-01-01T00:00:00.500000000Z' }],
    ['stream=Stderr', { stream: 'stderr' }],
    ['stream=All&tailLines=3', { tailLines: 3 }],
  ]
  for (const [query, options] of GOOD) {
    it(`takes ${query || 'none'}`, () => {
      const parsed = parseLogOptions(new URLSearchParams(query), NOW)
      const given = Object.entries(parsed).filter(([, value]) => value !== undefined && value !== false)
      assert.deepEqual(Object.fromEntries(given), options)
    })
  }

  const BAD: [query: string, code: number, message: RegExp][] = [
    ['tailLines=-1', 422, /tailLines: Invalid value: -1: must be greater than or equal to 0/],
    ['limitBytes=0', 422, /limitBytes: Invalid value: 0: must be greater than 0/],
    ['sinceSeconds=0', 422, /sinceSeconds: Invalid value: 0/],
    ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 422, /at most one of `sinceTime` or `sinceSeconds`/],
    ['stream=Stdin', 422, /stream: Unsupported value: "Stdin": supported values: "All", "Stderr", "Stdout"/],
    ['stream=Stdout&tailLines=1', 422, /mutually exclusive/],
    ['sinceTime=yesterday', 422, /sinceTime: Invalid value: "yesterday"/],
    ['tailLines=many', 400, /tailLines must be a whole number, not "many"/],
    ['tailLines=1e99', 400, /tailLines must be a whole number/],
  ]
  for (const [query, code, message] of BAD) {
    it(`refuses ${query}`, () => {
      assert.throws(
        () => parseLogOptions(new URLSearchParams(query), NOW),
        (error: unknown) => error instanceof ApiError && error.code === code && message.test(error.message),
      )
    })
  }
})
