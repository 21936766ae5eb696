/**
 * The roles that Kubernetes brings along, as a table. A line without indent names a ClusterRole (`+x` gives it the label
 * that aggregates it into x); below it stand its rules: verbs, groups (`core` is the unnamed one), resources, and names
 * where only some are meant; or a verb and paths. READ is get, list and watch; WRITE all that changes.
 */
export const CLUSTER_ROLES = `
cluster-admin
  * | * | *
  * /*

system:discovery
  get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/

system:public-info-viewer
  get /healthz,/livez,/readyz,/version,/version/

system:monitoring
  get /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*

system:basic-user
  create | authorization.k8s.io | selfsubjectaccessreviews,selfsubjectrulesreviews
  create | authentication.k8s.io | selfsubjectreviews

system:aggregate-to-admin +admin
  create | authorization.k8s.io | localsubjectaccessreviews
  READ,WRITE | rbac.authorization.k8s.io | roles,rolebindings

system:aggregate-to-edit +edit
  READ | core | pods/attach,pods/proxy,secrets,services/proxy
  impersonate | core | serviceaccounts
  WRITE | core | pods,pods/attach,pods/proxy
  create | core | pods/exec,pods/portforward,pods/eviction,serviceaccounts/token
  get | core | pods/exec,pods/portforward
  WRITE | core | configmaps,endpoints,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
  WRITE | apps | daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale
  WRITE | autoscaling | horizontalpodautoscalers
  WRITE | batch | cronjobs,jobs
  WRITE | policy | poddisruptionbudgets
  WRITE | networking.k8s.io | ingresses,networkpolicies
  READ,WRITE | coordination.k8s.io | leases

system:aggregate-to-view +view
  READ | core | configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
  READ | core | bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status,namespaces
  READ | discovery.k8s.io | endpointslices
  READ | apps | controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status
  READ | autoscaling | horizontalpodautoscalers,horizontalpodautoscalers/status
  READ | batch | cronjobs,cronjobs/status,jobs,jobs/status
  READ | policy | poddisruptionbudgets,poddisruptionbudgets/status
  READ | networking.k8s.io | ingresses,ingresses/status,networkpolicies

system:kubelet-api-admin
  READ,proxy | core | nodes
  * | core | nodes/log,nodes/metrics,nodes/proxy,nodes/stats,nodes/configz,nodes/healthz,nodes/pods

system:node
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | localsubjectaccessreviews,subjectaccessreviews
  READ | core | services
  create,READ | core | nodes
  update,patch | core | nodes/status
  update,patch | core | nodes
  READ | core | pods
  create,delete | core | pods
  update,patch | core | pods/status
  create | core | pods/eviction
  create,patch,update | core,events.k8s.io | events
  READ | core | configmaps,secrets
  get | core | persistentvolumeclaims,persistentvolumes
  get | core | endpoints
  create,READ | certificates.k8s.io | certificatesigningrequests
  create,delete,get,patch,update | coordination.k8s.io | leases
  get | storage.k8s.io | volumeattachments
  create | core | serviceaccounts/token
  get,update,patch | core | persistentvolumeclaims/status
  READ | storage.k8s.io | csidrivers
  create,delete,get,patch,update | storage.k8s.io | csinodes
  READ | node.k8s.io | runtimeclasses

system:node-problem-detector
  get | core | nodes
  patch | core | nodes/status
  create,patch,update | core,events.k8s.io | events

system:node-proxier
  list,watch | core | services,endpoints
  READ | core | nodes
  create,patch,update | core,events.k8s.io | events
  list,watch | discovery.k8s.io | endpointslices

system:node-bootstrapper
  create,READ | certificates.k8s.io | certificatesigningrequests

system:certificates.k8s.io:certificatesigningrequests:nodeclient
  create | certificates.k8s.io | certificatesigningrequests/nodeclient

system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
  create | certificates.k8s.io | certificatesigningrequests/selfnodeclient

system:certificates.k8s.io:legacy-unknown-approver
  approve | certificates.k8s.io | signers | kubernetes.io/legacy-unknown

system:certificates.k8s.io:kubelet-serving-approver
  approve | certificates.k8s.io | signers | kubernetes.io/kubelet-serving

system:certificates.k8s.io:kube-apiserver-client-approver
  approve | certificates.k8s.io | signers | kubernetes.io/kube-apiserver-client

system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
  approve | certificates.k8s.io | signers | kubernetes.io/kube-apiserver-client-kubelet

system:auth-delegator
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | subjectaccessreviews

system:kube-aggregator
  READ | core | services,endpoints

system:kube-controller-manager
  create,patch,update | core,events.k8s.io | events
  create | coordination.k8s.io | leases
  get,update | coordination.k8s.io | leases | kube-controller-manager
  create | core | secrets,serviceaccounts
  delete | core | secrets
  get | core | configmaps,namespaces,secrets,serviceaccounts
  update | core | secrets,serviceaccounts
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | subjectaccessreviews
  list,watch | * | *
  create | core | serviceaccounts/token

system:kube-scheduler
  create,patch,update | core,events.k8s.io | events
  create | coordination.k8s.io | leases
  get,update | coordination.k8s.io | leases | kube-scheduler
  READ | core | nodes
  delete,READ | core | pods
  create | core | bindings,pods/binding
  patch,update | core | pods/status
  READ | core | replicationcontrollers,services
  READ | apps | replicasets,statefulsets
  READ | policy | poddisruptionbudgets
  READ | core | persistentvolumeclaims,persistentvolumes
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | subjectaccessreviews
  READ | storage.k8s.io | csinodes,csidrivers,csistoragecapacities
  READ | core | namespaces

system:volume-scheduler
  READ,patch,update | core | persistentvolumes
  READ | storage.k8s.io | storageclasses
  READ,patch,update | core | persistentvolumeclaims

system:kube-dns
  list,watch | core | endpoints,services

system:persistent-volume-provisioner
  READ,create,delete | core | persistentvolumes
  READ,update | core | persistentvolumeclaims
  READ | storage.k8s.io | storageclasses
  watch | core | events
  create,patch,update | core,events.k8s.io | events

system:service-account-issuer-discovery
  get /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/
`

/** One role for each controller, under `system:controller:`. All may write events besides. */
export const CONTROLLER_ROLES = `
attachdetach-controller
  list,watch | core | persistentvolumeclaims,persistentvolumes
  READ | core | nodes
  patch,update | core | nodes/status
  list,watch | core | pods
  READ,create,delete,patch,update | storage.k8s.io | volumeattachments
  READ | storage.k8s.io | csidrivers,csinodes

clusterrole-aggregation-controller
  escalate,READ,patch,update | rbac.authorization.k8s.io | clusterroles

cronjob-controller
  READ,update | batch | cronjobs
  READ,create,delete,patch,update | batch | jobs
  update | batch | cronjobs/finalizers,cronjobs/status
  list,delete | core | pods

daemon-set-controller
  READ | apps | daemonsets
  update | apps | daemonsets/finalizers,daemonsets/status
  list,watch | core | nodes
  READ,create,delete,patch | core | pods
  create | core | pods/binding
  READ,create,delete,patch,update | apps | controllerrevisions

deployment-controller
  READ,update | apps | deployments
  update | apps | deployments/finalizers,deployments/status
  READ,create,delete,patch,update | apps | replicasets
  READ,update | core | pods

disruption-controller
  READ | apps | deployments,replicasets,statefulsets
  READ | core | replicationcontrollers
  READ | policy | poddisruptionbudgets
  update | policy | poddisruptionbudgets/status
  READ | core | pods
  patch,update | core | pods/status
  get | * | */scale

endpoint-controller
  READ | core | pods,services
  READ,create,delete,update | core | endpoints
  create | core | endpoints/restricted

endpointslice-controller
  READ | core | nodes,pods,services
  update | core | services/finalizers
  READ,create,delete,update | discovery.k8s.io | endpointslices
  create | discovery.k8s.io | endpointslices/restricted

endpointslicemirroring-controller
  READ | core | endpoints,services
  update | core | endpoints/finalizers
  READ,create,delete,update | discovery.k8s.io | endpointslices
  create | discovery.k8s.io | endpointslices/restricted

ephemeral-volume-controller
  update | core | pods/finalizers
  READ | core | pods
  READ,create | core | persistentvolumeclaims

expand-controller
  READ,patch,update | core | persistentvolumes
  patch,update | core | persistentvolumeclaims/status
  READ | core | persistentvolumeclaims

generic-garbage-collector
  READ,patch,update,delete | * | *

horizontal-pod-autoscaler
  READ | autoscaling | horizontalpodautoscalers
  update | autoscaling | horizontalpodautoscalers/status
  get,update | * | */scale
  list | core | pods
  list | metrics.k8s.io | pods
  get,list | custom.metrics.k8s.io,external.metrics.k8s.io | *

job-controller
  READ,patch,update | batch | jobs
  update | batch | jobs/finalizers,jobs/status
  READ,create,delete,patch | core | pods

namespace-controller
  READ,delete | core | namespaces
  update | core | namespaces/finalize,namespaces/status
  get,list,delete,deletecollection | * | *

node-controller
  READ,delete,patch,update | core | nodes
  patch,update | core | nodes/status
  READ,list,delete | core | pods
  patch,update | core | pods/status
  READ,create,update | coordination.k8s.io | leases

persistent-volume-binder
  READ,create,delete,update | core | persistentvolumes
  update | core | persistentvolumes/status,persistentvolumeclaims/status
  READ,update | core | persistentvolumeclaims
  READ,create,delete | core | pods
  READ,create | storage.k8s.io | storageclasses
  get,create,delete | core | services,endpoints
  READ | core | nodes
  delete | core | nodes/proxy

pod-garbage-collector
  READ,delete | core | pods
  READ | core | nodes
  patch | core | pods/status

pv-protection-controller
  READ,update | core | persistentvolumes

pvc-protection-controller
  READ,update | core | persistentvolumeclaims
  READ | core | pods

replicaset-controller
  READ,update | apps | replicasets
  update | apps | replicasets/finalizers,replicasets/status
  READ,create,delete,patch | core | pods

replication-controller
  READ,update | core | replicationcontrollers
  update | core | replicationcontrollers/finalizers,replicationcontrollers/status
  READ,create,delete,patch | core | pods

resourcequota-controller
  list,watch | * | *
  update | core | resourcequotas/status

resource-metrics
  get | core | nodes/proxy

root-ca-cert-publisher
  READ,create,update | core | configmaps
  READ | core | namespaces

route-controller
  list,watch | core | nodes
  patch | core | nodes/status

service-account-controller
  create | core | serviceaccounts
  READ | core | namespaces,serviceaccounts

service-controller
  READ,patch,update | core | services
  patch,update | core | services/status
  list,watch | core | nodes

statefulset-controller
  READ,update | apps | statefulsets
  update | apps | statefulsets/finalizers,statefulsets/status
  READ,create,delete,patch,update | core | pods
  READ,create,delete,patch,update | apps | controllerrevisions
  READ,create,delete,update | core | persistentvolumeclaims

ttl-after-finished-controller
  READ,delete | batch | jobs

ttl-controller
  READ,patch,update | core | nodes

certificate-controller
  READ,delete | certificates.k8s.io | certificatesigningrequests
  update | certificates.k8s.io | certificatesigningrequests/approval,certificatesigningrequests/status
  approve | certificates.k8s.io | signers | kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving
  sign | certificates.k8s.io | signers | kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown
  create | authorization.k8s.io | subjectaccessreviews

bootstrap-signer
  READ | core | secrets
  READ,create,update | core | configmaps

token-cleaner
  READ,delete | core | secrets
`

/** Who holds which ClusterRole from the start: role, then subjects. */
export const CLUSTER_ROLE_BINDINGS = `
cluster-admin: group system:masters
system:monitoring: group system:monitoring
system:discovery: group system:authenticated
system:basic-user: group system:authenticated
system:public-info-viewer: group system:authenticated, group system:unauthenticated
system:node-proxier: user system:kube-proxy
system:kube-controller-manager: user system:kube-controller-manager
system:kube-dns: account kube-system/kube-dns
system:kube-scheduler: user system:kube-scheduler
system:volume-scheduler: user system:kube-scheduler
system:service-account-issuer-discovery: group system:serviceaccounts
system:node:
`

/** Roles of single namespaces, with their one subject. */
export const ROLES = `
kube-system extension-apiserver-authentication-reader
  READ | core | configmaps | extension-apiserver-authentication
kube-system system::leader-locking-kube-controller-manager: user system:kube-controller-manager
  watch | core | configmaps
  get,update | core | configmaps | kube-controller-manager
kube-system system::leader-locking-kube-scheduler: user system:kube-scheduler
  watch | core | configmaps
  get,update | core | configmaps | kube-scheduler
kube-system system:controller:bootstrap-signer: account kube-system/bootstrap-signer
  READ | core | secrets
kube-system system:controller:token-cleaner: account kube-system/token-cleaner
  READ,delete | core | secrets
kube-public system:controller:bootstrap-signer: account kube-system/bootstrap-signer
  READ | core | configmaps
  update | core | configmaps | cluster-info
  create,patch,update | core | events
`
