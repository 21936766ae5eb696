// Made by api/generate/main.ts. Read by api/kinds/resources.ts, which explains the form.
export const RESOURCES_TEXT = `
admissionregistration.k8s.io v1 mutatingadmissionpolicies MutatingAdmissionPolicy cluster create,delete,deletecollection,get,list,patch,update,watch
admissionregistration.k8s.io v1 mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding cluster create,delete,deletecollection,get,list,patch,update,watch
admissionregistration.k8s.io v1 mutatingwebhookconfigurations MutatingWebhookConfiguration cluster create,delete,deletecollection,get,list,patch,update,watch
admissionregistration.k8s.io v1 validatingadmissionpolicies ValidatingAdmissionPolicy cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
admissionregistration.k8s.io v1 validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cluster create,delete,deletecollection,get,list,patch,update,watch
admissionregistration.k8s.io v1 validatingwebhookconfigurations ValidatingWebhookConfiguration cluster create,delete,deletecollection,get,list,patch,update,watch
apiextensions.k8s.io v1 customresourcedefinitions CustomResourceDefinition cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
apiregistration.k8s.io v1 apiservices APIService cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
apps v1 controllerrevisions ControllerRevision namespaced create,delete,deletecollection,get,list,patch,update,watch
apps v1 daemonsets DaemonSet namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
apps v1 deployments Deployment namespaced create,delete,deletecollection,get,list,patch,update,watch scale=autoscaling/v1/Scale:get,patch,update status=:get,patch,update
apps v1 replicasets ReplicaSet namespaced create,delete,deletecollection,get,list,patch,update,watch scale=autoscaling/v1/Scale:get,patch,update status=:get,patch,update
apps v1 statefulsets StatefulSet namespaced create,delete,deletecollection,get,list,patch,update,watch scale=autoscaling/v1/Scale:get,patch,update status=:get,patch,update
authentication.k8s.io v1 selfsubjectreviews SelfSubjectReview cluster create
authentication.k8s.io v1 tokenreviews TokenReview cluster create
authorization.k8s.io v1 localsubjectaccessreviews LocalSubjectAccessReview namespaced create
authorization.k8s.io v1 selfsubjectaccessreviews SelfSubjectAccessReview cluster create
authorization.k8s.io v1 selfsubjectrulesreviews SelfSubjectRulesReview cluster create
authorization.k8s.io v1 subjectaccessreviews SubjectAccessReview cluster create
autoscaling v1 horizontalpodautoscalers HorizontalPodAutoscaler namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
autoscaling v2 horizontalpodautoscalers HorizontalPodAutoscaler namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
batch v1 cronjobs CronJob namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
batch v1 jobs Job namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
certificates.k8s.io v1 certificatesigningrequests CertificateSigningRequest cluster create,delete,deletecollection,get,list,patch,update,watch approval=:get,patch,update status=:get,patch,update
coordination.k8s.io v1 leases Lease namespaced create,delete,deletecollection,get,list,patch,update,watch
core v1 bindings Binding namespaced create
core v1 componentstatuses ComponentStatus cluster get,list,watch
core v1 configmaps ConfigMap namespaced create,delete,deletecollection,get,list,patch,update,watch
core v1 endpoints Endpoints namespaced create,delete,deletecollection,get,list,patch,update,watch
core v1 events Event namespaced create,delete,deletecollection,get,list,patch,update,watch
core v1 limitranges LimitRange namespaced create,delete,deletecollection,get,list,patch,update,watch
core v1 namespaces Namespace cluster create,delete,get,list,patch,update,watch finalize=:update status=:get,patch,update
core v1 nodes Node cluster create,delete,deletecollection,get,list,patch,update,watch proxy=/v1/NodeProxyOptions:create,delete,get,patch,update status=:get,patch,update
core v1 persistentvolumeclaims PersistentVolumeClaim namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
core v1 persistentvolumes PersistentVolume cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
core v1 pods Pod namespaced create,delete,deletecollection,get,list,patch,update,watch attach=/v1/PodAttachOptions:create,get binding=/v1/Binding:create ephemeralcontainers=:get,patch,update eviction=policy/v1/Eviction:create exec=/v1/PodExecOptions:create,get log=:get portforward=/v1/PodPortForwardOptions:create,get proxy=/v1/PodProxyOptions:create,delete,get,patch,update resize=:get,patch,update status=:get,patch,update
core v1 podtemplates PodTemplate namespaced create,delete,deletecollection,get,list,patch,update,watch
core v1 replicationcontrollers ReplicationController namespaced create,delete,deletecollection,get,list,patch,update,watch scale=autoscaling/v1/Scale:get,patch,update status=:get,patch,update
core v1 resourcequotas ResourceQuota namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
core v1 secrets Secret namespaced create,delete,deletecollection,get,list,patch,update,watch
core v1 serviceaccounts ServiceAccount namespaced create,delete,deletecollection,get,list,patch,update,watch token=authentication.k8s.io/v1/TokenRequest:create
core v1 services Service namespaced create,delete,deletecollection,get,list,patch,update,watch proxy=/v1/ServiceProxyOptions:create,delete,get,patch,update status=:get,patch,update
discovery.k8s.io v1 endpointslices EndpointSlice namespaced create,delete,deletecollection,get,list,patch,update,watch
events.k8s.io v1 events Event namespaced create,delete,deletecollection,get,list,patch,update,watch
flowcontrol.apiserver.k8s.io v1 flowschemas FlowSchema cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
flowcontrol.apiserver.k8s.io v1 prioritylevelconfigurations PriorityLevelConfiguration cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
networking.k8s.io v1 ingressclasses IngressClass cluster create,delete,deletecollection,get,list,patch,update,watch
networking.k8s.io v1 ingresses Ingress namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
networking.k8s.io v1 ipaddresses IPAddress cluster create,delete,deletecollection,get,list,patch,update,watch
networking.k8s.io v1 networkpolicies NetworkPolicy namespaced create,delete,deletecollection,get,list,patch,update,watch
networking.k8s.io v1 servicecidrs ServiceCIDR cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
node.k8s.io v1 runtimeclasses RuntimeClass cluster create,delete,deletecollection,get,list,patch,update,watch
policy v1 poddisruptionbudgets PodDisruptionBudget namespaced create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
rbac.authorization.k8s.io v1 clusterrolebindings ClusterRoleBinding cluster create,delete,deletecollection,get,list,patch,update,watch
rbac.authorization.k8s.io v1 clusterroles ClusterRole cluster create,delete,deletecollection,get,list,patch,update,watch
rbac.authorization.k8s.io v1 rolebindings RoleBinding namespaced create,delete,deletecollection,get,list,patch,update,watch
rbac.authorization.k8s.io v1 roles Role namespaced create,delete,deletecollection,get,list,patch,update,watch
scheduling.k8s.io v1 priorityclasses PriorityClass cluster create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io v1 csidrivers CSIDriver cluster create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io v1 csinodes CSINode cluster create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io v1 csistoragecapacities CSIStorageCapacity namespaced create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io v1 storageclasses StorageClass cluster create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io v1 volumeattachments VolumeAttachment cluster create,delete,deletecollection,get,list,patch,update,watch status=:get,patch,update
storage.k8s.io v1 volumeattributesclasses VolumeAttributesClass cluster create,delete,deletecollection,get,list,patch,update,watch
`
