import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const metadata = { name: 'work', namespace: 'ns', uid: 'u-1' }
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'nginx' }] } }
const UID = 'batch.kubernetes.io/controller-uid'
const NAME = 'batch.kubernetes.io/job-name'
const L = 'template.metadata.labels'
const labels = { [UID]: 'u-1', 'controller-uid': 'u-1', [NAME]: 'work', 'job-name': 'work' }
const own = { selector: { matchLabels: { [UID]: 'u-1' } }, template: { ...template, metadata: { labels } } }
const job = { object: { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: own }, at: 'spec' }
const indexed = { completionMode: 'Indexed', completions: 10 }
const RULE = 'podFailurePolicy.rules[0]'
const failing = (...rules: object[]) => ({ podFailurePolicy: { rules } })
const codes = (one: object) => failing({ action: 'Ignore', onExitCodes: { operator: 'In', values: [1], ...one } })

describeFaults('a Job', job, [
  [{}],
  [{ parallelism: 0 }],
  [{ parallelism: -1 }, `parallelism: Invalid value: -1: ${BAD.negative}`],
  [{ completions: -1 }, `completions: Invalid value: -1: ${BAD.negative}`],
  [{ backoffLimit: -1 }, `backoffLimit: Invalid value: -1: ${BAD.negative}`],
  [{ activeDeadlineSeconds: -1 }, `activeDeadlineSeconds: Invalid value: -1: ${BAD.negative}`],
  [{ ttlSecondsAfterFinished: -1 }, `ttlSecondsAfterFinished: Invalid value: -1: ${BAD.negative}`],
  [{ ttlSecondsAfterFinished: 0 }],
  [{ completionMode: 'x' }, 'completionMode: Unsupported value: "x": supported values: "Indexed", "NonIndexed"'],
  [{ 'template.spec.restartPolicy': 'OnFailure' }],
  [
    { 'template.spec.restartPolicy': undefined },
    'template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    { 'template.spec.restartPolicy': 'Always' },
    'template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [{ 'template.spec.containers': [] }, 'template.spec.containers: Required value'],
  [{ podReplacementPolicy: 'Failed' }],
  [
    { podReplacementPolicy: 'x' },
    'podReplacementPolicy: Unsupported value: "x": supported values: "Failed", "TerminatingOrFailed"',
  ],
  [{ managedBy: 'example.com/mine' }],
  [{ managedBy: 'mine' }, 'managedBy: Invalid value: "mine": must be a domain-prefixed path (such as "acme.io/foo")'],
  [{ managedBy: `example.com/${'x'.repeat(60)}` }, 'managedBy: Too long: may not be more than 63 bytes'],
])

describeFaults('a Job with indexes', job, [
  [{ ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 10 }],
  [{ completionMode: 'Indexed', parallelism: 1 }, 'completions: Required value: when completion mode is Indexed'],
  [
    { ...indexed, parallelism: 100001 },
    'parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
  ],
  [{ ...indexed, backoffLimitPerIndex: -1 }, `backoffLimitPerIndex: Invalid value: -1: ${BAD.negative}`],
  [
    { ...indexed, maxFailedIndexes: 11 },
    'maxFailedIndexes: Invalid value: 11: must be less than or equal to completions',
  ],
  [{ backoffLimitPerIndex: 1 }, 'backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
  [{ maxFailedIndexes: 1 }, 'maxFailedIndexes: Invalid value: 1: requires indexed completion mode'],
  [
    { completionMode: 'Indexed', completions: 100001, backoffLimitPerIndex: 1 },
    'maxFailedIndexes: Required value: must be specified when completions is above 100000',
  ],
  [
    { completionMode: 'Indexed', completions: 100001, backoffLimitPerIndex: 1, maxFailedIndexes: 10001 },
    'maxFailedIndexes: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
  ],
  [{ completionMode: 'Indexed', completions: 100001 }],
])

const called = (name: string, spec: object = indexed) => ({
  'metadata.name': name,
  spec: { ...own, ...spec },
  [`spec.${L}`]: { ...labels, [NAME]: name, 'job-name': name },
})
const unable = 'will not able to create pod with invalid DNS label'

describeFaults("names of a Job's pods", { object: job.object }, [
  [called('x'.repeat(61))],
  [called('x'.repeat(62)), `metadata.name: Invalid value: "${'x'.repeat(62)}": ${unable}: ${'x'.repeat(62)}-9`],
  [called('a.b'), `metadata.name: Invalid value: "a.b": ${unable}: a.b-9`],
  [called('a.b', {})],
])

const manual = { manualSelector: true, selector: { matchLabels: { app: 'a' } } }
const MISMATCH = '`selector` does not match template `labels`'
const shown = (more: object) => JSON.stringify({ ...labels, ...more })

describeFaults('how a Job finds its pods', job, [
  [{ [L]: { ...labels, app: 'a' } }],
  [{ selector: { matchLabels: { 'controller-uid': 'u-1' } } }],
  [{ selector: undefined }, 'selector: Required value'],
  [
    { selector: { matchLabels: { [UID]: 'u-2' } } },
    `selector: Invalid value: {"matchLabels":{"${UID}":"u-2"}}: \`selector\` not auto-generated`,
    `${L}: Invalid value: ${shown({})}: ${MISMATCH}`,
  ],
  [
    { [L]: { ...labels, [UID]: 'u-2' } },
    `${L}[${UID}]: Invalid value: ${shown({ [UID]: 'u-2' })}: must be 'u-1'`,
    `${L}: Invalid value: ${shown({ [UID]: 'u-2' })}: ${MISMATCH}`,
  ],
  [
    { [L]: { [UID]: 'u-1' } },
    `${L}[controller-uid]: Required value: must be 'u-1'`,
    `${L}[${NAME}]: Required value: must be 'work'`,
    `${L}[job-name]: Required value: must be 'work'`,
  ],
  [{ ...manual, [L]: { app: 'a' } }],
  [{ ...manual, [L]: { app: 'b' } }, `${L}: Invalid value: {"app":"b"}: ${MISMATCH}`],
])

describeFaults('failures that a Job tells apart', job, [
  [codes({})],
  [codes({ operator: 'NotIn', values: [0] })],
  [failing({ action: 'Count', onPodConditions: [{ type: 'DisruptionTarget' }] })],
  [
    {
      ...indexed,
      backoffLimitPerIndex: 1,
      ...failing({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }),
    },
  ],
  [
    failing({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }),
    `${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
  ],
  [
    failing({ action: 'x', onExitCodes: { operator: 'In', values: [1] } }),
    `${RULE}.action: Unsupported value: "x": supported values: "Count", "FailIndex", "FailJob", "Ignore"`,
  ],
  [
    failing({ onExitCodes: { operator: 'In', values: [1] } }),
    `${RULE}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`,
  ],
  [
    failing({ action: 'Ignore' }),
    `${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
  ],
  [
    failing({ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] }, onPodConditions: [{ type: 'A' }] }),
    `${RULE}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`,
  ],
  [codes({ values: [0] }), `${RULE}.onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator`],
  [codes({ values: [] }), `${RULE}.onExitCodes.values: Invalid value: []: at least one value is required`],
  [codes({ values: [2, 1] }), `${RULE}.onExitCodes.values: Invalid value: [2,1]: must be ordered`],
  [codes({ values: [1, 1] }), `${RULE}.onExitCodes.values[1]: Duplicate value: 1`],
  [codes({ operator: 'Is' }), `${RULE}.onExitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"`],
  [codes({ operator: undefined }), `${RULE}.onExitCodes.operator: Required value: valid values: ["In" "NotIn"]`],
  [codes({ containerName: 'c' })],
  [
    codes({ containerName: 'x' }),
    `${RULE}.onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template`,
  ],
  [
    failing({ action: 'Ignore', onPodConditions: [{ type: 'A', status: 'x' }] }),
    `${RULE}.onPodConditions[0].status: Unsupported value: "x": supported values: "False", "True", "Unknown"`,
  ],
  [
    { ...codes({}), 'template.spec.restartPolicy': 'OnFailure' },
    'template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
  ],
  [
    { ...codes({}), podReplacementPolicy: 'TerminatingOrFailed' },
    'podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
  ],
])

const succeeding = (one: object) => ({ ...indexed, successPolicy: { rules: [one] } })
const S = 'successPolicy.rules[0]'
const PARSE = 'error parsing succeededIndexes'

describeFaults('successes that are enough', job, [
  [succeeding({ succeededIndexes: '0,2-5,9', succeededCount: 6 })],
  [succeeding({ succeededCount: 10 })],
  [
    { successPolicy: { rules: [{ succeededCount: 1 }] } },
    'successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode',
  ],
  [
    { ...indexed, successPolicy: { rules: [] } },
    'successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
  ],
  [succeeding({}), `${S}: Required value: at least one of succeededCount or succeededIndexes must be specified`],
  [
    succeeding({ succeededCount: 11 }),
    `${S}.succeededCount: Invalid value: 11: must be less than or equal to 10 (the number of specified completions)`,
  ],
  [
    succeeding({ succeededIndexes: '0-2', succeededCount: 4 }),
    `${S}.succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)`,
  ],
  [
    succeeding({ succeededIndexes: '0-10' }),
    `${S}.succeededIndexes: Invalid value: "0-10": ${PARSE}: too large index: "10"`,
  ],
  [
    succeeding({ succeededIndexes: 'a' }),
    `${S}.succeededIndexes: Invalid value: "a": ${PARSE}: cannot convert string to integer for index: "a"`,
  ],
  [
    succeeding({ succeededIndexes: '3,1' }),
    `${S}.succeededIndexes: Invalid value: "3,1": ${PARSE}: non-increasing order, previous: 3, current: 1`,
  ],
])

const FIXED = 'field is immutable'
const suspended = { suspend: true }

describeUpdates('a Job that stands', job, [
  [{}, { parallelism: 5 }],
  [{}, { suspend: true }],
  [{}, { activeDeadlineSeconds: 10, ttlSecondsAfterFinished: 5, backoffLimit: 1 }],
  [{}, { completions: 2 }, `completions: Invalid value: 2: ${FIXED}`],
  [
    indexed,
    { completions: 20 },
    'completions: Invalid value: 20: can only be modified in tandem with spec.parallelism',
  ],
  [indexed, { completions: 20, parallelism: 20 }],
  [
    { ...indexed, parallelism: 10 },
    { completions: 20, parallelism: 20 },
  ],
  [{}, { completionMode: 'Indexed' }, `completionMode: Invalid value: "Indexed": ${FIXED}`],
  [{}, { managedBy: 'example.com/a' }, `managedBy: Invalid value: "example.com/a": ${FIXED}`],
  [suspended, { 'template.spec.nodeSelector': { a: 'b' }, [L]: { ...labels, a: 'b' } }],
  [
    suspended,
    { 'template.spec.tolerations': [{ operator: 'Exists' }], 'template.spec.schedulingGates': [{ name: 'a' }] },
  ],
  [
    suspended,
    {
      'template.spec.affinity': {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{}] } },
      },
    },
  ],
])

const cron = {
  object: {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata,
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template } } },
  },
  at: 'spec',
}
const TZ = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'

describeFaults('a CronJob', cron, [
  [{}],
  [{ schedule: '@daily' }],
  [{ schedule: '@every 1h30m' }],
  [{ schedule: '0 0 1 jan mon' }],
  [{ schedule: '0-30/5,45 8-18 * * 1-5' }],
  [{ schedule: '? * * * ?' }],
  [{ schedule: '' }, 'schedule: Required value'],
  [{ schedule: 'error' }, 'schedule: Invalid value: "error": expected exactly 5 fields, found 1: [error]'],
  [{ schedule: '60 * * * *' }, 'schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60'],
  [{ schedule: '* * 0 * *' }, 'schedule: Invalid value: "* * 0 * *": beginning of range (0) below minimum (1): 0'],
  [
    { schedule: '5-1 * * * *' },
    'schedule: Invalid value: "5-1 * * * *": beginning of range (5) beyond end of range (1): 5-1',
  ],
  [{ schedule: '@fortnightly' }, 'schedule: Invalid value: "@fortnightly": unrecognized descriptor: @fortnightly'],
  [{ schedule: 'TZ=UTC 0 * * * *' }, `schedule: Invalid value: "TZ=UTC 0 * * * *": ${TZ}`],
  [
    { schedule: 'CRON_TZ=Europe/Berlin 0 * * * *' },
    `schedule: Invalid value: "CRON_TZ=Europe/Berlin 0 * * * *": ${TZ}`,
  ],
  [{ timeZone: 'Europe/Berlin' }],
  [{ timeZone: '' }, 'timeZone: Invalid value: "": timeZone must be nil or non-empty string'],
  [
    { timeZone: 'local' },
    'timeZone: Invalid value: "local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
  ],
  [{ timeZone: 'Mars/Base' }, 'timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base'],
  [
    { concurrencyPolicy: 'x' },
    'concurrencyPolicy: Unsupported value: "x": supported values: "Allow", "Forbid", "Replace"',
  ],
  [{ startingDeadlineSeconds: -1 }, `startingDeadlineSeconds: Invalid value: -1: ${BAD.negative}`],
  [{ successfulJobsHistoryLimit: -1 }, `successfulJobsHistoryLimit: Invalid value: -1: ${BAD.negative}`],
  [{ failedJobsHistoryLimit: -1 }, `failedJobsHistoryLimit: Invalid value: -1: ${BAD.negative}`],
  [
    { 'jobTemplate.spec.template.spec.restartPolicy': 'Always' },
    'jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    { 'jobTemplate.spec.manualSelector': true },
    'jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "false", "nil"',
  ],
  [
    { 'jobTemplate.spec.selector': { matchLabels: { a: 'b' } } },
    'jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
  ],
])

describeFaults('the name of a CronJob', { object: cron.object, at: 'metadata' }, [
  [{ name: 'x'.repeat(52) }],
  [{ name: 'x'.repeat(53) }, `name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`],
])

describeUpdates('a CronJob with a name from before', { object: cron.object }, [
  [{ 'metadata.name': 'x'.repeat(60) }, {}],
])
