import { decodeChange } from '../../etcd/raft/membership.ts'
import type { Entry, Message } from '../../etcd/raft/message.ts'

/** Messages and entries in words. An entry is written INDEX.TERM, with its content where it has any. */
export function describeMessage(message: Message): string {
  return `${message.from} -> ${message.to} term ${message.term}: ${describeBody(message)}`
}

function describeBody(message: Message): string {
  switch (message.type) {
    case 'preVote':
    case 'vote':
      return `${message.type}? log ends at ${message.lastIndex}.${message.lastTerm}${message.force ? ', by order' : ''}`
    case 'preVoteReply':
    case 'voteReply':
      return `${message.type} ${message.granted ? 'yes' : 'no'}`
    case 'append': {
      const entries = message.entries.length > 0 ? describeEntries(message.entries) : 'nothing'
      return `append after ${message.previousIndex}.${message.previousTerm}: ${entries}, commit ${message.commit}`
    }
    case 'appendReply':
      if (!message.rejected) return `has all up to ${message.index}`
      return `${message.index} does not match, try ${message.hintIndex}.${message.hintTerm}`
    case 'heartbeat':
      return `heartbeat, commit ${message.commit}`
    case 'snapshot':
      return `snapshot up to ${message.snapshot.index}.${message.snapshot.term}`
    case 'transfer':
      return `hand over to ${message.target}`
    case 'readIndexReply':
      return `read ${message.context} at ${message.index}`
    default:
      return message.type
  }
}

export function describeEntries(entries: readonly Entry[]): string {
  return entries.map(describeEntry).join(' ')
}

function describeEntry({ index, term, type, data }: Entry): string {
  const content = type === 'config' ? describeChange(data) : Buffer.from(data).toString()
  return `${index}.${term}${content ? `(${content})` : ''}`
}

function describeChange(data: Uint8Array): string {
  const { type, id } = decodeChange(data)
  return `${type} ${id}`
}
