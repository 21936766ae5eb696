import { dump } from 'js-yaml'
import type { ConfigMap, Service } from '../../api/types/core-v1.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../api/types/rbac-v1.ts'
import type { Kubeconfig } from '../../client/kubeconfig.ts'

/** The group that every bootstrap token for joining belongs to. */
export const JOINING_NODES = 'system:bootstrappers:kubeadm:default-node-token'

const RBAC = 'rbac.authorization.k8s.io'
const group = (name: string) => ({ kind: 'Group', name, apiGroup: RBAC })

/** Who runs the cluster: the user of admin.conf. */
const ADMINS: ClusterRoleBinding = {
  metadata: { name: 'kubeadm:cluster-admins' },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [group('kubeadm:cluster-admins')],
}

/** Anybody may read the cluster's address and authority: that is how a joining machine learns them. */
const CLUSTER_INFO_ROLE: Role = {
  metadata: { name: 'kubeadm:bootstrap-signer-clusterinfo', namespace: 'kube-public' },
  rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['cluster-info'], verbs: ['get'] }],
}
const CLUSTER_INFO_BINDING: RoleBinding = {
  metadata: { name: 'kubeadm:bootstrap-signer-clusterinfo', namespace: 'kube-public' },
  roleRef: { apiGroup: RBAC, kind: 'Role', name: 'kubeadm:bootstrap-signer-clusterinfo' },
  subjects: [{ kind: 'User', name: 'system:anonymous', apiGroup: RBAC }],
}

/** Joining machines may see nodes (is my name free, does another have my address?) and ask for a certificate. */
const GET_NODES: ClusterRole = {
  metadata: { name: 'kubeadm:get-nodes' },
  rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] }],
}

function bindToNodes(name: string, role: string, subject: string): ClusterRoleBinding {
  return {
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [group(subject)],
  }
}

export const CLUSTER_ROLES: readonly ClusterRole[] = [GET_NODES]
export const CLUSTER_ROLE_BINDINGS: readonly ClusterRoleBinding[] = [
  ADMINS,
  bindToNodes('kubeadm:get-nodes', 'kubeadm:get-nodes', JOINING_NODES),
  bindToNodes('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', JOINING_NODES),
  bindToNodes(
    'kubeadm:node-autoapprove-bootstrap',
    'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    JOINING_NODES,
  ),
  bindToNodes(
    'kubeadm:node-autoapprove-certificate-rotation',
    'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    'system:nodes',
  ),
  bindToNodes('kubeadm:node-proxier', 'system:node-proxier', 'system:nodes'),
]
/** The agents answer at this address, each for the pods of its node; there are no pods behind it. */
export function dnsService(clusterIP: string): Service {
  return {
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'KubeDNS' },
    },
    spec: {
      clusterIP,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    },
  }
}

export const ROLES: readonly Role[] = [CLUSTER_INFO_ROLE]
export const ROLE_BINDINGS: readonly RoleBinding[] = [CLUSTER_INFO_BINDING]

/** The public ConfigMap that a join starts from: address and authority, no user. */
export function clusterInfo(server: string, authorityPem: string): ConfigMap {
  const kubeconfig: Kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: '', cluster: { server, 'certificate-authority-data': Buffer.from(authorityPem).toString('base64') } },
    ],
    users: [],
    contexts: [],
    'current-context': '',
  }
  return {
    metadata: { name: 'cluster-info', namespace: 'kube-public' },
    data: { kubeconfig: dump(kubeconfig, { lineWidth: -1 }) },
  }
}
