import { isReason } from '../../api/errors.ts'
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../client/resources.ts'

/** Finds the volume that stands behind a claim. */
export class Claims {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  async volumeOf(namespace: string, name: string): Promise<PersistentVolumeSpec> {
    const claim = await this.#claim(namespace, name)
    const volumeName = claim.spec?.volumeName
    if (!volumeName || claim.status?.phase !== 'Bound') throw new Error(`PVC ${namespace}/${name} is not bound`)
    const volume = await this.#client.resource<PersistentVolume>(PERSISTENT_VOLUMES).get(volumeName)
    const { claimRef } = volume.spec
    if (claimRef?.uid !== undefined && claimRef.uid !== claim.metadata.uid) {
      throw new Error(`PV ${volumeName} is bound to another claim than ${namespace}/${name}`)
    }
    return volume.spec
  }

  async #claim(namespace: string, name: string) {
    try {
      return await this.#client.resource<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS).get(name, namespace)
    } catch (error) {
      if (isReason(error, 'NotFound')) throw new Error(`persistentvolumeclaim "${name}" not found`)
      throw error
    }
  }
}
