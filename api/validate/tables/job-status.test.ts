import { BAD, describeUpdates } from '../../testing.ts'

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'nginx' }] } }
const of = (spec: object) => ({
  object: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'ns' },
    spec: { template, ...spec },
  },
  at: 'status',
  through: 'status',
})
const job = of({})
const indexed = of({ completionMode: 'Indexed', completions: 10, parallelism: 5 })
const NOON = '2026-01-01T12:00:00Z'
const LATER = '2026-01-01T13:00:00Z'
const are = (...types: string[]) => ({ conditions: types.map(type => ({ type, status: 'True' })) })
const begun = { startTime: NOON }
const complete = { ...begun, completionTime: LATER, ...are('SuccessCriteriaMet', 'Complete') }
const failed = { ...begun, ...are('FailureTarget', 'Failed') }

describeUpdates('counts of a Job', job, [
  [begun, { active: 2, ready: 1, succeeded: 1, failed: 1, terminating: 0 }],
  [{}, { active: -1 }, `active: Invalid value: -1: ${BAD.negative}`],
  [{}, { succeeded: -1 }, `succeeded: Invalid value: -1: ${BAD.negative}`, ...decreased('succeeded', -1)],
  [{}, { failed: -1 }, `failed: Invalid value: -1: ${BAD.negative}`, ...decreased('failed', -1)],
  [{}, { ready: -1 }, `ready: Invalid value: -1: ${BAD.negative}`],
  [{}, { terminating: -1 }, `terminating: Invalid value: -1: ${BAD.negative}`],
  [{ succeeded: 2 }, { succeeded: 1 }, ...decreased('succeeded', 1)],
  [{ failed: 2 }, { failed: undefined }, ...decreased('failed', 0)],
  [{ active: 1 }, { ready: 2 }, 'ready: Invalid value: 2: cannot set more ready pods than active'],
  [{ active: 1, ready: 2 }, { failed: 1 }],
  [{ active: 1 }, { active: 2, ready: 2 }],
  [{ failed: undefined }, { failed: 0 }],
  [{ failed: 1 }, { failed: undefined }, ...decreased('failed', 0)],
])

function decreased(name: string, value: number): string[] {
  return [`${name}: Invalid value: ${value}: cannot decrease the ${name} counter`]
}

describeUpdates('pods of a Job that wait to be counted', { ...job, at: 'status.uncountedTerminatedPods' }, [
  [{}, { succeeded: ['a'], failed: ['b'] }],
  [{}, { succeeded: ['a', ''] }, 'succeeded[1]: Invalid value: "": must not be empty'],
  [{}, { failed: [''] }, 'failed[0]: Invalid value: "": must not be empty'],
  [{}, { succeeded: ['a', 'a'] }, 'succeeded[1]: Duplicate value: "a"'],
  [{}, { succeeded: ['a'], failed: ['a'] }, 'failed[0]: Duplicate value: "a"'],
])

const ended = (more: object) => ({ ...complete, ...more })
const UNCOUNTED =
  'uncountedTerminatedPods: Invalid value: {"succeeded":["a"]}: uncountedTerminatedPods needs to be empty for finished job'

describeUpdates('the end of a Job', job, [
  [begun, complete],
  [begun, failed],
  [begun, ended({ active: 1 }), 'active: Invalid value: 1: active>0 is invalid for finished job'],
  [begun, ended({ terminating: 1 }), 'terminating: Invalid value: 1: terminating>0 is invalid for finished job'],
  [{}, ended({ startTime: undefined }), 'startTime: Required value: startTime is required for finished job'],
  [begun, ended({ uncountedTerminatedPods: { succeeded: ['a'] } }), UNCOUNTED],
  // What was told wrongly before does not keep the controller from telling more.
  [ended({ active: 1 }), { terminating: 0 }],
  [complete, { active: 1 }, 'active: Invalid value: 1: active>0 is invalid for finished job'],
])

describeUpdates('when a Job began and ended', job, [
  [{}, begun],
  [begun, { startTime: LATER }, 'startTime: Required value: startTime cannot be removed for unsuspended job'],
  [begun, { startTime: undefined }, 'startTime: Required value: startTime cannot be removed for unsuspended job'],
  [
    begun,
    { completionTime: LATER },
    `completionTime: Invalid value: "${LATER}": cannot set completionTime when there is no Complete=True condition`,
  ],
  [
    begun,
    ended({ completionTime: undefined }),
    'completionTime: Required value: completionTime is required for Complete jobs',
  ],
  [
    { startTime: LATER },
    ended({ startTime: LATER, completionTime: NOON }),
    `completionTime: Invalid value: "${NOON}": completionTime cannot be set before startTime`,
  ],
  [complete, { completionTime: NOON }, `completionTime: Invalid value: "${NOON}": completionTime cannot be mutated`],
])
describeUpdates('when a Job that is held began', of({ suspend: true }), [
  [begun, { startTime: undefined }],
  [begun, { startTime: LATER }],
])

const says = (detail: string) => `conditions: Invalid value: ${detail}`

describeUpdates('conditions of a Job', job, [
  [begun, are('FailureTarget')],
  [begun, are('SuccessCriteriaMet')],
  [
    begun,
    { ...complete, ...are('Complete') },
    says('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'),
  ],
  [begun, are('Failed'), says('cannot set Failed=True condition without the FailureTarget=true condition')],
  [
    begun,
    { ...complete, ...are('SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed') },
    says('cannot set Complete=True and Failed=true conditions'),
    says('cannot set Complete=True and FailureTarget=true conditions'),
    says('cannot set SuccessCriteriaMet=True and Failed=true conditions'),
    says('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'),
  ],
  [failed, are('FailureTarget'), says('cannot disable the terminal Failed=True condition')],
  [
    complete,
    { ...are('SuccessCriteriaMet'), completionTime: undefined },
    says('cannot disable the terminal Complete=True condition'),
  ],
  [begun, { conditions: [{ type: 'Failed', status: 'False' }] }],
  [{ ...begun, ...are('FailureTarget') }, are(), says('cannot disable the terminal FailureTarget=True condition')],
  [{ ...begun, ...are('SuccessCriteriaMet') }, are(), says('cannot disable the SuccessCriteriaMet=True condition')],
  [
    { ...complete, ...are('Complete') },
    are('Complete', 'SuccessCriteriaMet'),
    says('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'),
  ],
  [{ ...complete, ...are('Complete') }, { failed: 1 }],
])

const early = of({
  completionMode: 'Indexed',
  completions: 3,
  successPolicy: { rules: [{ succeededCount: 1 }] },
})
describeUpdates('the end of a Job that some successes are enough for', early, [
  [begun, complete],
  [
    { ...complete, ...are('Complete') },
    { failed: 1 },
    says('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'),
  ],
])

describeUpdates('indexes of a Job that are done', indexed, [
  [{}, { completedIndexes: '0,2-5,9', succeeded: 6 }],
  [
    {},
    { completedIndexes: 'a' },
    unreadable('completedIndexes', 'a', 'cannot convert string to integer for index: "a"'),
  ],
  [{}, { completedIndexes: '0-10' }, unreadable('completedIndexes', '0-10', 'too large index: "10"')],
  [
    {},
    { completedIndexes: '3,1' },
    unreadable('completedIndexes', '3,1', 'non-increasing order, previous: 3, current: 1'),
  ],
  [{ completedIndexes: '0-20' }, { failed: 1 }],
  [
    {},
    { failedIndexes: '' },
    'failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
  ],
])
describeUpdates('indexes of a Job without any', job, [
  [
    {},
    { completedIndexes: '0' },
    'completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
  ],
])

function unreadable(field: string, text: string, why: string): string {
  return `${field}: Invalid value: "${text}": error parsing ${field}: ${why}`
}

const limited = of({ completionMode: 'Indexed', completions: 10, backoffLimitPerIndex: 1 })
const overlap = (text: string, at: number) =>
  `failedIndexes: Invalid value: "${text}": failedIndexes and completedIndexes overlap at index: ${at}`

describeUpdates('indexes of a Job that failed', limited, [
  [{}, { failedIndexes: '', completedIndexes: '0-9' }],
  [{}, { failedIndexes: '1,3', completedIndexes: '0,2,4-9' }],
  [{}, { failedIndexes: '1-x' }, unreadable('failedIndexes', '1-x', 'cannot convert string to integer for index: "x"')],
  [
    {},
    { failedIndexes: '1-2-3' },
    unreadable(
      'failedIndexes',
      '1-2-3',
      `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    ),
  ],
  [{}, { failedIndexes: '3-5', completedIndexes: '0-1,4-9' }, overlap('3-5', 4)],
  [{ failedIndexes: '3' }, { completedIndexes: '0-9' }, overlap('3', 3)],
  [{}, { failedIndexes: '5', completedIndexes: '2-5' }, overlap('5', 5)],
  [{ failedIndexes: '3', completedIndexes: '0-9' }, { failed: 1 }],
])

describeUpdates(
  'successes of a Job that was made smaller',
  of({ completionMode: 'Indexed', completions: 5, parallelism: 5 }),
  [
    [
      { succeeded: 7, completedIndexes: '0-6' },
      { succeeded: 4, completedIndexes: '0-3' },
    ],
    [{ failed: 2 }, { failed: 1 }, ...decreased('failed', 1)],
  ],
)
describeUpdates('successes of a Job that cannot be made smaller', indexed, [
  [{ succeeded: 7 }, { succeeded: 4 }, ...decreased('succeeded', 4)],
])
