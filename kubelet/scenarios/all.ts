import { CONFIGURATION } from './configuration.ts'
import { LIVES } from './lives.ts'
import { PROBING } from './probing.ts'
import { RECOVERY } from './recovery.ts'
import type { Scenario } from './steps.ts'

/** A pod's life as a user sees it: run on the fake engine (fake.slow.test.ts) and on Docker (docker.e2e.test.ts) alike. */
export const SCENARIOS: Scenario[] = [...LIVES, ...CONFIGURATION, ...PROBING, ...RECOVERY]
