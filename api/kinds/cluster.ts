import { signingRequestColumns } from '../columns/access.ts'
import { leaseColumns, priorityClassColumns, runtimeClassColumns } from '../columns/cluster.ts'
import { eventColumns } from '../columns/core.ts'
import { endpointSliceColumns } from '../columns/network.ts'
import { eventFromCore, eventToCore } from '../convert/event.ts'
import { setPriorityClassDefaults } from '../defaults/cluster.ts'
import { setEndpointSliceDefaults } from '../defaults/network.ts'
import { eventsFields } from '../fields/event.ts'
import type { Kind } from '../kind.ts'
import { isPathSegmentName } from '../names.ts'
import { signingRequestStrategy } from '../strategy/certificates.ts'
import type { CertificateSigningRequest } from '../types/certificates-v1.ts'
import type { EndpointSlice } from '../types/discovery-v1.ts'
import type { Event } from '../types/events-v1.ts'
import type { RuntimeClass } from '../types/node-v1.ts'
import type { PriorityClass } from '../types/scheduling-v1.ts'
import { validateApproval, validateSigned, validateSigningRequest } from '../validate/certificates.ts'
import { validatePriorityClass, validatePriorityClassUpdate, validateRuntimeClassUpdate } from '../validate/cluster.ts'
import { validateEndpointSlice, validateEndpointSliceUpdate } from '../validate/network.ts'
import { declareKinds, type KindRecord, kind } from './declare.ts'

/** The groups of one or two kinds that the cluster itself lives by. */
export function clusterKinds(): Kind[] {
  return [
    ...declareKinds('coordination.k8s.io', 'v1', COORDINATION),
    ...declareKinds('discovery.k8s.io', 'v1', DISCOVERY),
    ...declareKinds('events.k8s.io', 'v1', EVENTS),
    ...declareKinds('node.k8s.io', 'v1', NODE),
    ...declareKinds('scheduling.k8s.io', 'v1', SCHEDULING),
    ...declareKinds('certificates.k8s.io', 'v1', CERTIFICATES),
  ]
}

const COORDINATION: readonly KindRecord[] = [
  {
    kind: 'Lease',
    columns: leaseColumns,
    strategy: { allowCreateOnUpdate: true, allowUnconditionalUpdate: false },
  },
]

const DISCOVERY: readonly KindRecord[] = [
  kind<EndpointSlice>({
    kind: 'EndpointSlice',
    generation: true,
    setDefaults: setEndpointSliceDefaults,
    validate: validateEndpointSlice,
    validateUpdate: validateEndpointSliceUpdate,
    columns: endpointSliceColumns,
  }),
]

const EVENTS: readonly KindRecord[] = [
  kind<Event>({
    kind: 'Event',
    shortNames: ['ev'],
    stored: { version: { group: '', version: 'v1' }, fromStored: eventFromCore, toStored: eventToCore },
    // The columns are those of the core kind, whose fields have other names.
    columns: eventColumns.map(column => ({ ...column, cell: (event, now) => column.cell(eventToCore(event), now) })),
    fields: eventsFields,
    strategy: { allowCreateOnUpdate: true },
  }),
]

const NODE: readonly KindRecord[] = [
  kind<RuntimeClass>({
    kind: 'RuntimeClass',
    validateUpdate: validateRuntimeClassUpdate,
    columns: runtimeClassColumns,
    strategy: { allowUnconditionalUpdate: false },
  }),
]

const SCHEDULING: readonly KindRecord[] = [
  kind<PriorityClass>({
    kind: 'PriorityClass',
    shortNames: ['pc'],
    generation: true,
    setDefaults: setPriorityClassDefaults,
    validate: validatePriorityClass,
    validateUpdate: validatePriorityClassUpdate,
    columns: priorityClassColumns,
  }),
]

const CERTIFICATES: readonly KindRecord[] = [
  kind<CertificateSigningRequest>({
    kind: 'CertificateSigningRequest',
    shortNames: ['csr'],
    initialStatus: () => ({}),
    strategy: signingRequestStrategy,
    name: isPathSegmentName,
    validate: validateSigningRequest,
    validateStatus: validateSigned,
    validateSubresource: { approval: validateApproval },
    columns: signingRequestColumns,
    fields: { 'spec.signerName': ({ spec }) => spec.signerName },
  }),
]
