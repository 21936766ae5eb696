import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Kubectl } from '../peers/index.ts'
import type { TestCluster } from '../support/cluster.ts'
import { MANIFESTS, STEPS, type Step } from './kubectl-steps.ts'

/** Every command of a day's work, with one kubectl, in a namespace of its own: so several can work at a time. */
export function kubectlDay({ version, path }: Kubectl, clusterOf: () => TestCluster): void {
  const namespace = `day-${version.replace('.', '-')}`
  const minor = Number(version.split('.')[1])

  describe(`with kubectl ${version}`, { concurrency: 1 }, () => {
    let cluster: TestCluster
    let folder: string
    const kubectl = (words: readonly string[], input?: string) =>
      cluster.kubectl(path, ['-n', namespace, ...words], { input })

    before(async () => {
      cluster = clusterOf()
      folder = await mkdtemp(join(tmpdir(), 'kubox-kubectl-'))
      for (const [name, text] of Object.entries(MANIFESTS)) await writeFile(join(folder, name), text)
      const { code, stderr } = await cluster.kubectl(path, ['create', 'namespace', namespace])
      assert.equal(code, 0, stderr)
    })
    after(async () => {
      const { code, stderr } = await cluster.kubectl(path, ['delete', 'namespace', namespace])
      await rm(folder, { recursive: true, force: true })
      assert.equal(code, 0, stderr)
    })

    const filled = (text: string) =>
      text.replaceAll('NS', namespace).replaceAll('NODE', cluster.nodeName).replaceAll('DIR', folder)

    /** A tab inside a word stands for the blank that a shell would have had in quotes. */
    const wordsOf = (step: Step) =>
      filled(step.line)
        .split(' ')
        .map(word => word.replaceAll('\t', ' '))

    async function check(step: Step, result: { code: number; stdout: string; stderr: string }) {
      const said = `${result.stdout}${result.stderr.replace(/^(Warning: |W\d{4} |I\d{4} ).*\n/gm, '')}`
      const sees = new RegExp(filled(step.sees.source), step.sees.flags)
      if (step.code !== -1) assert.equal(result.code, step.code ?? 0, `${said}\n${await cluster.evidence()}`)
      assert.match(said, sees)
    }

    for (const step of STEPS.filter(({ since = 0, until = 99 }) => minor >= since && minor <= until)) {
      it(step.line, async () => check(step, await kubectl(wordsOf(step), step.input)))
    }
  })
}
