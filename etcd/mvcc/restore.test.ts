import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PutRequest } from '../proto/messages.ts'
import { Command } from './command.ts'
import { ImageLoader, imageOf } from './image.ts'
import { Machine } from './machine.ts'

function put(machine: Machine, key: string): void {
  const request = PutRequest.decode(PutRequest.encode({ key, value: Buffer.from('x') }))
  machine.apply(Command.decode(Command.encode({ put: request })))
}

describe('a machine that takes over the image of another', () => {
  it('tells those who watched it of everything that happened meanwhile, once', () => {
    const [leader, follower] = [new Machine(), new Machine()]
    for (const machine of [leader, follower]) put(machine, 'a')
    const told: number[] = []
    const listener = {
      events: ({ events }: { events: readonly { modRevision: number }[] }) => {
        told.push(...events.map(({ modRevision }) => modRevision))
        return true
      },
      compacted: () => assert.fail('nothing was compacted'),
    }
    follower.hub.watch({ start: 'a', end: '\0', from: 1, listener }).resume()
    for (const key of ['b', 'c', 'd']) put(leader, key)
    const loader = new ImageLoader(follower)
    for (const chunk of imageOf(leader)) loader.push(chunk)
    loader.finish()
    put(follower, 'e')
    assert.deepEqual(told, [2, 3, 4, 5, 6])
  })
})
