import type { HorizontalPodAutoscaler, MetricSpec, MetricTarget } from '../../api/types/autoscaling-v2.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import { ago, livePod } from './objects.ts'

const KINDS: Record<string, { group: string; plural: string }> = {
  'networking.k8s.io/v1 Ingress': { group: 'networking.k8s.io', plural: 'ingresses' },
  'v1 Service': { group: '', plural: 'services' },
  'v1 Namespace': { group: '', plural: 'namespaces' },
}

/** A server that answers whatever it is asked with the same items, and remembers what that was. */
export function serving(items: object[]) {
  const asked: string[] = []
  const source = {
    async read<R>(path: string): Promise<R> {
      asked.push(decodeURIComponent(path).replaceAll('+', ' '))
      return { items } as R
    },
    async refOf(apiVersion = 'v1', kind: string) {
      const found = KINDS[`${apiVersion} ${kind}`]
      if (!found) throw new Error(`no matches for kind "${kind}"`)
      return { ...found, version: 'v1', kind, namespaced: true }
    },
  }
  return { source, asked }
}

const requests = { resources: { requests: { cpu: '500m', memory: '100Mi' } } }
export const target = (replicas: number) => ({
  namespace: 'shop',
  selector: 'app=web',
  replicas,
  pods: Array.from({ length: replicas }, (_, i) =>
    livePod(`p${i}`, {
      spec: {
        containers: [
          { name: 'app', ...requests },
          { name: 'log', ...requests },
        ],
      },
    }),
  ),
})
export const scaler = (behavior?: HorizontalPodAutoscaler['spec']['behavior']): HorizontalPodAutoscaler => ({
  spec: { maxReplicas: 10, scaleTargetRef: { kind: 'Deployment', name: 'web' }, ...(behavior ? { behavior } : {}) },
})
/** `200m 300m`: what the containers app and log of each pod use of CPU; memory is as many MiB. `-`: not measured. */
export const podMetrics = (...pods: string[]) =>
  pods.map((text, i) => ({
    metadata: { name: `p${i}` },
    timestamp: ago(5),
    window: '15s',
    containers: text.split(' ').map((cpu, at) => ({
      name: ['app', 'log'][at],
      usage: cpu === '-' ? {} : { cpu, memory: `${Number.parseInt(cpu, 10)}Mi` },
    })),
  }))
export const values = (...amounts: string[]) =>
  amounts.map((value, i) => ({ describedObject: { name: `p${i}` }, value }))

export const resource = (name: string, aim: Partial<MetricTarget>): MetricSpec => ({
  type: 'Resource',
  resource: { name, target: { type: 'Utilization', ...aim } },
})
export const container = (name: string, aim: Partial<MetricTarget>): MetricSpec => ({
  type: 'ContainerResource',
  containerResource: { name, container: 'app', target: { type: 'Utilization', ...aim } },
})
export const perPod = (averageValue: string, selector?: LabelSelector): MetricSpec => ({
  type: 'Pods',
  pods: {
    metric: { name: 'packets', ...(selector ? { selector } : {}) },
    target: { type: 'AverageValue', averageValue },
  },
})
export const object = (
  apiVersion: string,
  kind: string,
  aim: Partial<MetricTarget>,
  selector?: LabelSelector,
): MetricSpec => ({
  type: 'Object',
  object: {
    metric: { name: 'hits', ...(selector ? { selector } : {}) },
    describedObject: { apiVersion, kind, name: 'main' },
    target: { type: 'Value', ...aim },
  },
})
export const external = (aim: Partial<MetricTarget>, selector?: LabelSelector): MetricSpec => ({
  type: 'External',
  external: { metric: { name: 'queue', ...(selector ? { selector } : {}) }, target: { type: 'Value', ...aim } },
})
