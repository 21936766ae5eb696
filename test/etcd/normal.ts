import type { EtcdProcess } from './servers.ts'

type Rule = readonly [RegExp, string]

/** What may differ between two stores that behave alike: ids, times, sizes, places. */
const RULES: readonly Rule[] = [
  [/\r/g, '\n'],
  [
    /"?(cluster_id|member_id|raft_term|raftTerm|raftIndex|raftAppliedIndex|leader|ID|memberID|id)"?:\s*"?\d{6,}"?/g,
    '$1:ID',
  ],
  [/"(raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|dbSizeQuota)":\d+,?/g, ''],
  [/"(storageVersion|version)":"[^"]*",?/g, ''],
  [/\b[0-9a-f]{15,16}\b/g, 'ID'],
  [/\b\d{17,20}\b/g, 'ID'],
  [/took = [\d.]+[µmn]?s/g, 'took = TIME'],
  [/took":"?[\d.]+[µmn]?s?"?/g, 'took TIME'],
  [/\b\d+(\.\d+)? [kKMG]?i?B\b/g, 'SIZE'],
  [/remaining\((\d+)s\)/g, 'remaining(SECONDS)'],
  [/localhost:\d+|127\.0\.0\.1:\d+/g, 'ADDRESS'],
]

/** Output without what differs from run to run, for two stores to be compared. */
export function normalOutput(text: string, server: EtcdProcess): string {
  const placed = text.replaceAll(server.spec.directory, 'DIRECTORY').replaceAll(server.endpoint, 'ENDPOINT')
  return RULES.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), placed)
    .split('\n')
    .map(line => sortedKeys(line.trimEnd()))
    .filter(line => line !== '' && !line.startsWith('{"level"'))
    .join('\n')
}

/** etcd lists the keys of a lease in no order. */
function sortedKeys(line: string): string {
  return line.replace(
    /attached keys\(\[(.*)\]\)/,
    (_, keys: string) => `attached keys(${keys.split(' ').sort().join()})`,
  )
}
