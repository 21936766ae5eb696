import type { Identity } from '../../api/exchange.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** A write that admission may change or refuse. */
export interface AdmissionRequest {
  operation: Operation
  kind: Kind
  subresource: string
  namespace: string
  name: string
  /** What is about to be stored; mutating plugins change it in place. Absent when something is deleted. */
  object?: KubeObject
  /** What stands there now; absent when something is created. */
  old?: KubeObject
  user: Identity
  dryRun: boolean
  options: Record<string, unknown>
  warnings: string[]
  /** For the audit log, where it listens. */
  annotations?: Record<string, string>
}

/** The first to write something down under a name is believed. */
export function annotate({ annotations }: AdmissionRequest, key: string, value: string): void {
  if (annotations) annotations[key] ??= value
}

/** Mutating plugins run before validation, validating ones after it. Refusals are ApiErrors. */
export interface AdmissionPlugin {
  readonly name: string
  mutate?(request: AdmissionRequest): void | Promise<void>
  validate?(request: AdmissionRequest): void | Promise<void>
}

/** The plugins that are on, in Kubernetes' order. */
export class Admission {
  readonly #mutating: AdmissionPlugin[]
  readonly #validating: AdmissionPlugin[]

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#mutating = plugins.filter(plugin => plugin.mutate)
    this.#validating = plugins.filter(plugin => plugin.validate)
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#mutating) {
      const asking = plugin.mutate!(request)
      if (asking) await asking
    }
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#validating) {
      const asking = plugin.validate!(request)
      if (asking) await asking
    }
  }
}
