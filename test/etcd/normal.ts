import type { EtcdProcess } from './servers.ts'

type Rule = readonly [RegExp, string | ((text: string) => string)]

/** What may differ between two stores that behave alike: ids, times, sizes, places. */
const RULES: readonly Rule[] = [
  [/\r/g, '\n'],
  [
    /"?(cluster_id|member_id|raft_term|raftTerm|raftIndex|raftAppliedIndex|leader|ID|memberID|id)"?:\s*"?\d{6,}"?/g,
    '$1:ID',
  ],
  [/"(raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|dbSizeQuota)":\d+,?/g, ''],
  [/"(storageVersion|version)":"[^"]*",?/g, ''],
  // etcdctl pads an id that has few digits: an id is the id and the blanks before it but one.
  [/( ?) *\b[0-9a-f]{12,16}\b/g, '$1ID'],
  [/\b\d{15,20}\b/g, 'ID'],
  [/^[|+].*$/gm, row => row.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---')],
  [/took = [\d.]+[µmn]?s/g, 'took = TIME'],
  [/took":"?[\d.]+[µmn]?s?"?/g, 'took TIME'],
  [/\b\d+(\.\d+)? [kKMG]?i?B\b/g, 'SIZE'],
  [/remaining\((\d+)s\)/g, 'remaining(SECONDS)'],
  [/localhost:\d+|127\.0\.0\.1:\d+/g, 'ADDRESS'],
]

/** Output without what differs from run to run, for two stores to be compared. */
export function normalOutput(text: string, server: EtcdProcess): string {
  const placed = text.replaceAll(server.spec.directory, 'DIRECTORY').replaceAll(server.endpoint, 'ENDPOINT')
  return RULES.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement as string), placed)
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
