import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerSummary } from '../runtime.ts'
import { Listing } from './listing.ts'

/** An engine that answers when it is told to. */
class SlowEngine {
  readonly questions: Record<string, string>[] = []
  readonly answers: ((found: ContainerSummary[] | Error) => void)[] = []

  list(labels: Record<string, string>): Promise<ContainerSummary[]> {
    this.questions.push(labels)
    return new Promise((resolve, reject) => {
      this.answers.push(found => (found instanceof Error ? reject(found) : resolve(found)))
    })
  }
}

const of = (uid: string): ContainerSummary => ({
  ...{ id: `c-${uid}`, name: uid, image: 'i', imageId: 'i', state: 'running', createdAt: 0 },
  labels: { 'io.kubernetes.pod.uid': uid },
})
const turn = () => new Promise(resolve => setImmediate(resolve))
const ids = (found: ContainerSummary[]) => found.map(one => one.id)

describe('lists of containers', () => {
  it('one pod alone is asked for by its uid', async () => {
    const engine = new SlowEngine()
    const asked = new Listing(engine, 'node1').ofPod('a')
    engine.answers[0]!([of('a')])
    assert.deepEqual(ids(await asked), ['c-a'])
    assert.deepEqual(engine.questions, [{ 'io.kubox.node': 'node1', 'io.kubernetes.pod.uid': 'a' }])
  })

  it('all that come while one is answered are answered by the next, which begins after they came', async () => {
    const engine = new SlowEngine()
    const listing = new Listing(engine, 'node1')
    const [first, ...later] = ['a', 'b', 'c', 'b'].map(uid => listing.ofPod(uid))
    assert.equal(engine.questions.length, 1)
    engine.answers[0]!([of('a')])
    assert.deepEqual(ids(await first!), ['c-a'])
    await turn()
    assert.deepEqual(engine.questions.slice(1), [{ 'io.kubox.node': 'node1' }])
    engine.answers[1]!([of('a'), of('b')])
    assert.deepEqual((await Promise.all(later)).map(ids), [['c-b'], [], ['c-b']])
  })

  it('a failure is the failure of those who asked, and of nobody after them', async () => {
    const engine = new SlowEngine()
    const listing = new Listing(engine, 'node1')
    const [first, second] = [listing.ofPod('a'), listing.ofPod('b')]
    engine.answers[0]!(new Error('hung'))
    await assert.rejects(first, /hung/)
    await turn()
    engine.answers[1]!([of('b')])
    assert.deepEqual(ids(await second), ['c-b'])
  })
})
