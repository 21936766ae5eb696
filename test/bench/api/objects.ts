/** What the benchmark stores: a ConfigMap of 2 KB, a pod as a Deployment would make it. */

export const NAMESPACE = 'bench'
export const MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`
export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`

const TWO_KB = 'x'.repeat(1800)

export function configMap(name: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: TWO_KB } }
}

export function pod(name: string) {
  const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } }
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 }
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, labels: { app: 'bench', 'pod-template-hash': '7c5ddbdf54' } },
    spec: {
      automountServiceAccountToken: false,
      containers: [
        {
          ...{ name: 'web', image: 'registry.lab/web:1', args: ['--verbose'] },
          ...{ env: [{ name: 'MODE', value: 'bench' }], ports: [{ containerPort: 8080 }], resources },
          ...{ livenessProbe: probe, readinessProbe: probe },
        },
      ],
    },
  }
}
