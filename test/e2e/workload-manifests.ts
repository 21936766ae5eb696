import type { KubeObject } from '../../api/objects.ts'

/** What workloads.e2e.test.ts deploys: small pods of busybox that stop at once. */
const QUICK = { terminationGracePeriodSeconds: 1 }

const shell = (script: string, more: object = {}) => ({
  name: 'main',
  image: 'busybox',
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', `trap 'exit 0' TERM; ${script}`],
  ...more,
})

const SLEEP = 'sleep infinity & wait'

const labelled = (app: string, container: object, more: object = {}) => ({
  metadata: { labels: { app } },
  spec: { ...QUICK, containers: [container], ...more },
})

export function deployment(name: string, spec: object, container: object = shell(SLEEP)): KubeObject {
  const selector = { matchLabels: { app: name } }
  return apps('Deployment', name, { selector, template: labelled(name, container), ...spec })
}

/** Each start of a pod adds a line to a file on the pod's own claim. */
export function statefulSet(name: string, more: object = {}): KubeObject {
  const volumeMounts = [{ name: 'data', mountPath: '/data' }]
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }
  return apps('StatefulSet', name, {
    replicas: 2,
    serviceName: name,
    selector: { matchLabels: { app: name } },
    template: labelled(name, shell(`hostname >> /data/starts; ${SLEEP}`, { volumeMounts }), more),
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
  })
}

/** On nodes that are not ready yet as well, as what makes them ready has to. */
export function daemonSet(name: string): KubeObject {
  const template = labelled(name, shell(SLEEP), { tolerations: [{ operator: 'Exists' }] })
  return apps('DaemonSet', name, { selector: { matchLabels: { app: name } }, template })
}

export function indexedJob(name: string): KubeObject {
  const template = labelled(name, shell('test $JOB_COMPLETION_INDEX != 1'), { restartPolicy: 'Never' })
  const spec = { completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 1, template }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec } as KubeObject
}

export function pod(name: string, requests: object, more: object = {}): KubeObject {
  const spec = { ...QUICK, containers: [shell(SLEEP, { resources: { requests } })], ...more }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec } as KubeObject
}

/** Keeps its processor busy for a while, then rests. */
export function busyFor(seconds: number): object {
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m' } }
  return shell(`timeout ${seconds} sh -c 'while :; do :; done'; ${SLEEP}`, { resources })
}

export function autoscaler(name: string): KubeObject {
  const target = { type: 'Utilization', averageUtilization: 50 }
  const atOnce = { stabilizationWindowSeconds: 0 }
  const spec = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: 1,
    maxReplicas: 3,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
    behavior: { scaleDown: atOnce, scaleUp: atOnce },
  }
  return { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name }, spec } as KubeObject
}

function apps(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: 'apps/v1', kind, metadata: { name }, spec } as KubeObject
}
