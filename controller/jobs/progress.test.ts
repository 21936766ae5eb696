import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Job, JobSpec, PodFailurePolicyRule } from '../../api/types/batch-v1.ts'
import type { ContainerStatus, Pod, PodCondition } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { measure, planJob } from './decide.ts'
import { INDEX } from './indexed-pod.ts'
import { judgeFailure } from './policy.ts'

const job = (spec: Partial<JobSpec> = {}): Live<Job> =>
  ({
    metadata: liveMeta('job'),
    spec: { parallelism: 3, completions: 3, backoffLimit: 99, template: { spec: { containers: [] } }, ...spec },
    status: {},
  }) as Live<Job>
const indexed = (spec: Partial<JobSpec> = {}) => job({ completionMode: 'Indexed', ...spec })
const at = (index: number, parts: PodParts = {}) =>
  livePod(`i${index}`, { ...parts, annotations: { [INDEX]: String(index) } })
const failed = (seconds: number) => ({ phase: 'Failed', exitCode: 1, readySince: seconds })
const succeeded = (seconds: number) => ({ phase: 'Succeeded', exitCode: 0, readySince: seconds })

describe('what the failure policy says', () => {
  const statuses = (text: string): ContainerStatus[] =>
    text
      .split(' ')
      .filter(Boolean)
      .map(word => {
        const [name, code] = word.split('=')
        const state = code === '-' ? { running: {} } : { terminated: { exitCode: Number(code) } }
        return { name, state, ready: false, restartCount: 0, image: '', imageID: '' } as ContainerStatus
      })
  /** `app=1 log=0 | setup=3 | A=True`: exit codes (`-`: it runs), those of init containers, conditions. */
  function pod(text: string): Pod {
    const [containers = '', inits = '', conditions = ''] = text.split('|').map(part => part.trim())
    return {
      metadata: { name: 'p', namespace: 'default' },
      status: {
        containerStatuses: statuses(containers),
        initContainerStatuses: statuses(inits),
        conditions: conditions.split(' ').map((word): PodCondition => {
          const [type = '', status = ''] = word.split('=')
          return { type, status }
        }),
      },
    }
  }
  const codes = (operator: string, values: number[], containerName?: string): Partial<PodFailurePolicyRule> => ({
    onExitCodes: { operator, values, ...(containerName ? { containerName } : {}) },
  })
  const conditions = (...words: string[]): Partial<PodFailurePolicyRule> => ({
    onPodConditions: words.map(word => {
      const [type = '', status] = word.split('=')
      return { type, ...(status ? { status } : {}) } as { type: string; status: string }
    }),
  })
  const matches: [string, Partial<PodFailurePolicyRule>, string, boolean][] = [
    ['a code that is named', codes('In', [1, 42]), 'app=42', true],
    ['another code', codes('In', [1, 42]), 'app=2', false],
    ['a code that is not excepted', codes('NotIn', [1]), 'app=2', true],
    ['a code that is excepted', codes('NotIn', [1]), 'app=1', false],
    ['0 is no failure', codes('NotIn', [1]), 'app=0', false],
    ['one that runs has no code', codes('NotIn', [5]), 'app=-', false],
    ['the container that is named', codes('In', [1], 'app'), 'log=2 app=1', true],
    ['another container', codes('In', [1], 'app'), 'log=1 app=2', false],
    ['any of the containers', codes('In', [1]), 'log=0 app=1', true],
    ['an init container', codes('In', [3]), '| setup=3', true],
    ['no containers', codes('NotIn', [1]), '', false],
    ['a condition', conditions('A'), '||A=True', true],
    ['a condition beside others', conditions('A'), '||B=True A=True', true],
    ['any of the conditions named', conditions('X', 'A'), '||A=True', true],
    ['a condition that does not hold', conditions('A'), '||A=False', false],
    ['a condition that is not to hold', conditions('A=False'), '||A=False', true],
    ['another condition', conditions('A'), '||B=True', false],
  ]
  for (const [name, rule, text, expected] of matches) {
    it(name, () => {
      const rules = [{ action: 'FailJob', ...rule }]
      assert.equal(judgeFailure(job({ podFailurePolicy: { rules } }), pod(text)).action, expected ? 'FailJob' : 'Count')
    })
  }

  it('whatever the first rule that matches says', () => {
    const judge = (...actions: string[]) =>
      judgeFailure(
        job({ podFailurePolicy: { rules: actions.map(action => ({ action, ...codes('In', [1]) })) } }),
        pod('app=1'),
      )
    assert.deepEqual(
      [judge('Ignore', 'FailJob'), judge('FailIndex'), judge('Count', 'Ignore'), judge()],
      [{ action: 'Ignore' }, { action: 'FailIndex' }, { action: 'Count' }, { action: 'Count' }],
    )
  })

  it('names the condition', () => {
    const verdict = judgeFailure(
      job({ podFailurePolicy: { rules: [{ action: 'FailJob', ...conditions('A') }] } }),
      pod('||A=True'),
    )
    const message = 'Pod default/p has condition A matching FailJob rule at index 0'
    assert.deepEqual(verdict, { action: 'FailJob', message })
  })
})

describe('when the last failure was', () => {
  const bare = (status: object, extra: object = {}) =>
    ({ ...livePod('a'), metadata: liveMeta('a', extra), status: { phase: 'Failed', ...status } }) as Live<Pod>
  const ended = (...seconds: number[]) => ({
    containerStatuses: seconds.map(since => ({ state: { terminated: { finishedAt: ago(since) } } })),
  })
  const ready = {
    conditions: [
      { type: 'Other', lastTransitionTime: ago(1) },
      { type: 'Ready', lastTransitionTime: ago(70) },
    ],
  }
  const cases: [string, Live<Pod>, number][] = [
    ['the end of the last container', bare({ ...ended(50, 20, 30), ...ready }), 20],
    [
      'containers of which nothing is known',
      bare({ containerStatuses: [{ state: {} }, ...ended(40).containerStatuses], ...ready }),
      40,
    ],
    ['when it was not ready any more', bare(ready), 70],
    ['when it was asked to go', bare({}, { deletionTimestamp: ago(80), creationTimestamp: ago(99) }), 80],
    ['when it was made', bare({}, { creationTimestamp: ago(99) }), 99],
  ]
  for (const [name, pod, seconds] of cases) {
    it(name, () => assert.equal(measure(job(), [pod], []).lastFailureAt, NOW - seconds * 1000))
  }

  it('pods that run are no failures', () => {
    const pods = [livePod('a', failed(50)), livePod('b', failed(40)), livePod('c')]
    assert.equal(measure(job(), pods, []).recentFailures, 2)
  })
})

describe('what has come to an end', () => {
  const counts: [string, Live<Job>, Live<Pod>[], [number, number, string, string]][] = [
    ['a success and a failure', job(), [livePod('a', succeeded(9)), livePod('b', failed(9))], [1, 1, '', '']],
    ['the last index', indexed(), [at(2, succeeded(9))], [1, 0, '2', '']],
    ['an index just beyond the end', indexed(), [at(3, succeeded(9))], [0, 0, '', '']],
    ['a success without an index', indexed(), [livePod('a', succeeded(9))], [0, 0, '', '']],
    [
      'indexes of a Job without completions',
      indexed({ completions: undefined }),
      [at(0, succeeded(9))],
      [0, 0, '', ''],
    ],
  ]
  for (const [name, subject, pods, expected] of counts) {
    it(name, () => {
      const progress = measure(subject, pods, pods)
      const lists = [[...progress.succeededIndexes].join(), [...progress.failedIndexes].join()]
      assert.deepEqual([progress.succeeded, progress.failed, ...lists], expected)
    })
  }

  const judged = {
    podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }] },
  }
  it('an index that a rule gives up', () => {
    const progress = measure(
      indexed({ ...judged, backoffLimitPerIndex: 9 }),
      [],
      [at(1, failed(9)), livePod('a', failed(9))],
    )
    assert.deepEqual([progress.failed, [...progress.failedIndexes]], [2, [1]])
  })
  it('failures that are ignored do not count for the index', () => {
    const ignored = { podFailurePolicy: { rules: [{ ...judged.podFailurePolicy.rules[0]!, action: 'Ignore' }] } }
    const progress = measure(indexed({ ...ignored, backoffLimitPerIndex: 0 }), [at(1, failed(9))], [])
    assert.deepEqual([progress.failuresByIndex.size, progress.failedIndexes.size], [0, 0])
  })
  it('those that are asked to go and have not ended', () => {
    const pods = [livePod('a', { deleting: true }), livePod('b', { ...succeeded(9), deleting: true }), livePod('c')]
    assert.equal(measure(job(), pods, []).terminating, 1)
  })
})

describe('who comes next', () => {
  const made = (subject: Live<Job>, pods: Live<Pod>[]) => {
    const { create, remove, againMs } = planJob(subject, measure(subject, pods, []), NOW)
    return [create.map(({ index }) => index ?? '*').join(''), remove.map(pod => pod.metadata.name).join(), againMs]
  }
  const REPLACED_LATE = { podReplacementPolicy: 'Failed' }
  const LIMITED = { backoffLimitPerIndex: 9 }
  const going = livePod('g', { deleting: true })
  const cases: [string, Live<Job>, Live<Pod>[], [string, string, number | undefined]][] = [
    ['another beside one that goes', job(), [going], ['***', '', undefined]],
    ['none for one that goes, until it has ended', job(REPLACED_LATE), [going], ['**', '', undefined]],
    [
      'none for an index that goes, until it has ended',
      indexed(REPLACED_LATE),
      [at(0, { deleting: true })],
      ['01', '', undefined],
    ],
    ['no more indexes than there are', indexed({ parallelism: 9 }), [], ['012', '', undefined]],
    ['as many as may run beside those that do', indexed({ parallelism: 2 }), [at(0)], ['1', '', undefined]],
    [
      'fewer may run: the others go',
      indexed({ parallelism: 1 }),
      [at(0), at(1, { ready: false }), at(2, { created: 5 })],
      ['', 'i1,i2', undefined],
    ],
    ['no index beyond the end stays', indexed({ completions: 2 }), [at(0), at(1), at(2)], ['', 'i2', undefined]],
    [
      'a later success ends the back-off of all',
      indexed(),
      [at(0, failed(4)), at(1, succeeded(2))],
      ['012', '', undefined],
    ],
    [
      'the first of several pauses that is over',
      indexed(LIMITED),
      [at(0, failed(4)), at(1, failed(7))],
      ['2', '', 3000],
    ],
  ]
  for (const [name, subject, pods, expected] of cases) it(name, () => assert.deepEqual(made(subject, pods), expected))
})
