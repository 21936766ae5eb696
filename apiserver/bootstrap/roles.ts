import type { KubeObject } from '../../api/objects.ts'
import type { ClusterRole, PolicyRule, Subject } from '../../api/types/rbac-v1.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, CONTROLLER_ROLES, ROLES } from './roles-text.ts'

const API = 'rbac.authorization.k8s.io/v1'
const GROUP = 'rbac.authorization.k8s.io'
const AGGREGATED = ['admin', 'edit', 'view']
/** `admin` holds what `edit` holds, which holds what `view` holds. */
const INCLUDES: Record<string, string> = { edit: 'admin', view: 'edit' }
const ABBREVIATIONS: Record<string, string[]> = {
  READ: ['get', 'list', 'watch'],
  WRITE: ['create', 'delete', 'deletecollection', 'patch', 'update'],
}
const EVENT_RULE = 'create,patch,update | core,events.k8s.io | events'

/** The bootstrap policy: all roles and bindings that a new cluster has. */
export function bootstrapPolicy(): KubeObject[] {
  const roles = parseBlocks(CLUSTER_ROLES).map(({ head, rules }) => clusterRole(head, rules))
  const controllers = parseBlocks(CONTROLLER_ROLES)
  return [
    ...roles,
    ...AGGREGATED.map(aggregatedRole),
    ...controllers.map(({ head, rules }) => clusterRole(`system:controller:${head}`, [...rules, EVENT_RULE])),
    ...parseBindings(CLUSTER_ROLE_BINDINGS).map(({ role, subjects }) => clusterRoleBinding(role, subjects)),
    ...controllers.map(({ head }) => controllerBinding(head)),
    ...parseBlocks(ROLES).flatMap(({ head, rules }) => namespacedRole(head, rules)),
  ]
}

interface Block {
  head: string
  rules: string[]
}

function parseBlocks(text: string): Block[] {
  const blocks: Block[] = []
  for (const line of text.split('\n').filter(line => line.trim() !== '')) {
    if (line.startsWith('  ')) blocks.at(-1)!.rules.push(line.trim())
    else blocks.push({ head: line, rules: [] })
  }
  return blocks
}

function parseBindings(text: string) {
  const lines = text.split('\n').filter(line => line !== '')
  return lines.map(line => {
    const [, role = '', subjects = ''] = /^(\S+):(?: (.*))?$/.exec(line) ?? []
    return { role, subjects: parseSubjects(subjects) }
  })
}

function parseSubjects(text: string): Subject[] {
  return text
    .split(', ')
    .filter(one => one !== '')
    .map(one => {
      const [kind, name = ''] = one.split(' ')
      if (kind === 'group') return { kind: 'Group', apiGroup: GROUP, name }
      if (kind === 'user') return { kind: 'User', apiGroup: GROUP, name }
      const [namespace, account = ''] = name.split('/')
      return { kind: 'ServiceAccount', name: account, namespace }
    })
}

export function parseRule(text: string): PolicyRule {
  const [verbs = '', groups, resources = '', names] = text.split(' | ')
  if (groups === undefined) {
    const [verb = '', paths = ''] = text.split(' ')
    return { nonResourceURLs: paths.split(','), verbs: [verb] } as PolicyRule
  }
  return {
    apiGroups: groups.split(',').map(group => (group === 'core' ? '' : group)),
    resources: resources.split(','),
    verbs: [...new Set(verbs.split(',').flatMap(verb => ABBREVIATIONS[verb] ?? [verb]))],
    ...(names ? { resourceNames: names.split(',') } : {}),
  }
}

function metadata(name: string, labels: Record<string, string> = {}) {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  }
}

const aggregationLabel = (into: string) => `rbac.authorization.k8s.io/aggregate-to-${into}`

function clusterRole(head: string, rules: string[]): ClusterRole {
  const [name = '', into] = head.split(' +')
  const labels = into ? { [aggregationLabel(into)]: 'true' } : {}
  return { apiVersion: API, kind: 'ClusterRole', metadata: metadata(name, labels), rules: rules.map(parseRule) }
}

/** The rules of these are filled in by the aggregation controller; the authorizer works them out by itself. */
function aggregatedRole(name: string): ClusterRole {
  const into = INCLUDES[name]
  const labels = into ? { [aggregationLabel(into)]: 'true' } : {}
  const clusterRoleSelectors = [{ matchLabels: { [aggregationLabel(name)]: 'true' } }]
  return {
    apiVersion: API,
    kind: 'ClusterRole',
    metadata: metadata(name, labels),
    aggregationRule: { clusterRoleSelectors },
    rules: [],
  }
}

function clusterRoleBinding(role: string, subjects: Subject[]): KubeObject {
  const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: role }
  return { apiVersion: API, kind: 'ClusterRoleBinding', metadata: metadata(role), roleRef, subjects } as KubeObject
}

/** All controllers run in one process under one name; each may also run alone under its own account. */
function controllerBinding(name: string): KubeObject {
  const subjects = `account kube-system/${name}, user system:kube-controller-manager`
  return clusterRoleBinding(`system:controller:${name}`, parseSubjects(subjects))
}

function namespacedRole(head: string, rules: string[]): KubeObject[] {
  const [, namespace = '', name = '', subjects = ''] = /^(\S+) (\S+?)(?:: (.*))?$/.exec(head) ?? []
  const where = { ...metadata(name), namespace }
  const role = { apiVersion: API, kind: 'Role', metadata: where, rules: rules.map(parseRule) }
  if (subjects === '') return [role]
  const roleRef = { apiGroup: GROUP, kind: 'Role', name }
  const binding = { apiVersion: API, kind: 'RoleBinding', metadata: where, roleRef, subjects: parseSubjects(subjects) }
  return [role, binding]
}
