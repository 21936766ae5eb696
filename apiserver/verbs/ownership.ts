import type { KubeObject } from '../../api/objects.ts'
import type { Write } from './write.ts'

export function trackCreate(_write: Write, _object: KubeObject, _now: number): void {}

export function trackUpdate(_write: Write, _object: KubeObject, _old: KubeObject, _now: number): void {}
