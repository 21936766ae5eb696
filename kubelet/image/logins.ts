import * as fs from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'
import type { References } from '../env/environment.ts'
import type { LivePod } from '../pod/pod.ts'
import type { RegistryAuth } from '../runtime.ts'
import { candidates, loginsOfSecret, parseConfig } from './credentials.ts'
import type { ImageReference } from './reference.ts'

/** Where `docker login` on this node leaves what it was told. */
const NODE_CONFIG = join(homedir(), '.docker', 'config.json')

/** The pod's own pull secrets first, then the node's own logins. A secret that is missing is no reason not to try. */
export async function loginsFor(
  references: References,
  pod: LivePod,
  reference: ImageReference,
): Promise<(RegistryAuth | undefined)[]> {
  const names = (pod.spec.imagePullSecrets ?? []).map(secret => secret.name ?? '')
  const secrets = await Promise.all(names.map(name => references.secret(pod.metadata.namespace, name)))
  const own = secrets.flatMap(secret => (secret ? [loginsOfSecret(secret)] : []))
  return candidates(reference, [...own, ...(await nodeLogins())])
}

async function nodeLogins() {
  const text = await ifPresent(fs.readFile(NODE_CONFIG, 'utf8'))
  return text === undefined ? [] : [parseConfig(text)]
}
