/** fields/ names what a fieldSelector may ask of a kind. */
import type { Pod } from '../types/core-v1.ts'

export const podFields: Readonly<Record<string, (pod: Pod) => string | undefined>> = {
  'spec.nodeName': ({ spec }) => spec?.nodeName,
  'spec.restartPolicy': ({ spec }) => spec?.restartPolicy,
  'spec.schedulerName': ({ spec }) => spec?.schedulerName,
  'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName,
  'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
  'status.phase': ({ status }) => status?.phase,
  'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP,
  'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName,
}
