import type { ServicePort } from '../services/ports.ts'
import { type Chains, MASQUERADE_BIT, type NodeSide, refusalRules } from '../services/rules.ts'

/** Where the machine's own chains enter ours. Docker leaves DOCKER-USER to us, and its policy would drop what is forwarded. */
export const jumpsTo = ({ forward, input, refuse, services, postrouting }: Chains) => [
  { table: 'filter', chain: 'DOCKER-USER', target: forward },
  { table: 'filter', chain: 'INPUT', target: input },
  { table: 'filter', chain: 'OUTPUT', target: refuse },
  { table: 'nat', chain: 'PREROUTING', target: services },
  { table: 'nat', chain: 'OUTPUT', target: services },
  { table: 'nat', chain: 'POSTROUTING', target: postrouting },
]

/** The table `filter`: packets of the cluster's pods pass, those to a Service without targets are refused at once. */
export function filterRules(ports: readonly ServicePort[], node: NodeSide): string {
  const { podRanges, dns, chains } = node
  const { forward, input, refuse } = chains
  const pass = (side: '-s' | '-d', range: string) =>
    `-A ${forward} ${side} ${range} -m comment --comment "kubox: pods" -j ACCEPT`
  const ask = (range: string, kind: string, port: number) =>
    `-A ${input} -s ${range} -p ${kind} -m ${kind} --dport ${port} -m comment --comment "kubox: DNS" -j ACCEPT`
  return [
    '*filter',
    ...[forward, input, refuse].map(chain => `:${chain} - [0:0]`),
    ...refusalRules(ports, refuse),
    `-A ${forward} -j ${refuse}`,
    // What we sent on to a pod in another node's own network has no pod's address: it is known by its mark, or as known.
    `-A ${forward} -m mark --mark ${MASQUERADE_BIT} -j ACCEPT`,
    `-A ${forward} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ...podRanges.flatMap(range => [pass('-s', range), pass('-d', range)]),
    `-A ${input} -j ${refuse}`,
    ...podRanges.flatMap(range => (dns ? ['udp', 'tcp'].map(kind => ask(range, kind, dns.port)) : [])),
    'COMMIT',
    '',
  ].join('\n')
}
