import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ensureImage } from '../images/index.ts'
import { extraKubectls, kubectls } from '../peers/index.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { MANIFESTS, STEPS, type Step } from './kubectl-steps.ts'

const EXTRA = ['1.27', '1.31', '1.33']
const versions = [...(await kubectls()), ...(await extraKubectls()).filter(({ version }) => EXTRA.includes(version))]

/** Each version works in a namespace of its own, so several work at a time, as people do. */
describe('a day’s work with kubectl', { concurrency: 3 }, () => {
  let cluster: TestCluster
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubox-kubectl-'))
    for (const [name, text] of Object.entries(MANIFESTS)) await writeFile(join(folder, name), text)
    for (const image of ['busybox', 'web', 'nginx'] as const) await ensureImage(image)
    cluster = await startCluster()
  })
  after(async () => {
    await cluster?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  for (const { version, path } of versions) {
    const namespace = `day-${version.replace('.', '-')}`
    const minor = Number(version.split('.')[1])

    describe(`of version ${version}`, { concurrency: 1 }, () => {
      const kubectl = (words: readonly string[], input?: string) =>
        cluster.kubectl(path, ['-n', namespace, ...words], { input })

      before(async () => {
        const { code, stderr } = await cluster.kubectl(path, ['create', 'namespace', namespace])
        assert.equal(code, 0, stderr)
      })
      after(async () => {
        const { code, stderr } = await cluster.kubectl(path, ['delete', 'namespace', namespace])
        assert.equal(code, 0, stderr)
      })

      for (const step of STEPS.filter(({ since = 0, until = 99 }) => minor >= since && minor <= until)) {
        it(step.line, async () => check(step, await kubectl(wordsOf(step, namespace), step.input), namespace))
      }
    })
  }

  const filled = (text: string, namespace: string) =>
    text.replaceAll('NS', namespace).replaceAll('NODE', cluster.nodeName).replaceAll('DIR', folder)

  /** A tab inside a word stands for the blank that a shell would have had in quotes. */
  const wordsOf = (step: Step, namespace: string) =>
    filled(step.line, namespace)
      .split(' ')
      .map(word => word.replaceAll('\t', ' '))

  async function check(step: Step, result: { code: number; stdout: string; stderr: string }, namespace: string) {
    const said = `${result.stdout}${result.stderr.replace(/^(Warning: |W\d{4} |I\d{4} ).*\n/gm, '')}`
    const sees = new RegExp(filled(step.sees.source, namespace), step.sees.flags)
    if (step.code !== -1) assert.equal(result.code, step.code ?? 0, `${said}\n${await cluster.evidence()}`)
    assert.match(said, sees)
  }
})
