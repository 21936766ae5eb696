import type { ResourceRef } from '../api/objects.ts'

/** Where the built-in kinds are served, for `client.resource<Pod>(PODS)`. */
function ref(groupVersion: string, plural: string, kind: string, namespaced = true): ResourceRef {
  const [first = '', second] = groupVersion.split('/')
  return { group: second ? first : '', version: second ?? first, plural, kind, namespaced }
}

export const PODS = ref('v1', 'pods', 'Pod')
export const SERVICES = ref('v1', 'services', 'Service')
export const ENDPOINTS = ref('v1', 'endpoints', 'Endpoints')
export const CONFIG_MAPS = ref('v1', 'configmaps', 'ConfigMap')
export const SECRETS = ref('v1', 'secrets', 'Secret')
export const SERVICE_ACCOUNTS = ref('v1', 'serviceaccounts', 'ServiceAccount')
export const EVENTS = ref('v1', 'events', 'Event')
export const REPLICATION_CONTROLLERS = ref('v1', 'replicationcontrollers', 'ReplicationController')
export const RESOURCE_QUOTAS = ref('v1', 'resourcequotas', 'ResourceQuota')
export const PERSISTENT_VOLUME_CLAIMS = ref('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim')
export const PERSISTENT_VOLUMES = ref('v1', 'persistentvolumes', 'PersistentVolume', false)
export const NODES = ref('v1', 'nodes', 'Node', false)
export const NAMESPACES = ref('v1', 'namespaces', 'Namespace', false)

export const DEPLOYMENTS = ref('apps/v1', 'deployments', 'Deployment')
export const REPLICA_SETS = ref('apps/v1', 'replicasets', 'ReplicaSet')
export const STATEFUL_SETS = ref('apps/v1', 'statefulsets', 'StatefulSet')
export const DAEMON_SETS = ref('apps/v1', 'daemonsets', 'DaemonSet')
export const CONTROLLER_REVISIONS = ref('apps/v1', 'controllerrevisions', 'ControllerRevision')

export const JOBS = ref('batch/v1', 'jobs', 'Job')
export const CRON_JOBS = ref('batch/v1', 'cronjobs', 'CronJob')

export const LEASES = ref('coordination.k8s.io/v1', 'leases', 'Lease')
export const ENDPOINT_SLICES = ref('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice')
export const POD_DISRUPTION_BUDGETS = ref('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget')
export const HORIZONTAL_POD_AUTOSCALERS = ref('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler')
export const PRIORITY_CLASSES = ref('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', false)
export const STORAGE_CLASSES = ref('storage.k8s.io/v1', 'storageclasses', 'StorageClass', false)
export const ROLES = ref('rbac.authorization.k8s.io/v1', 'roles', 'Role')
export const ROLE_BINDINGS = ref('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding')
export const CLUSTER_ROLES = ref('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', false)
export const CLUSTER_ROLE_BINDINGS = ref(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
  false,
)
export const CERTIFICATE_SIGNING_REQUESTS = ref(
  'certificates.k8s.io/v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
  false,
)

export const TOKEN_REVIEWS = ref('authentication.k8s.io/v1', 'tokenreviews', 'TokenReview', false)
export const SUBJECT_ACCESS_REVIEWS = ref(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
  false,
)
