import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createSigningRequest } from '../../pki/csr.ts'
import { generateKey } from '../../pki/keys.ts'
import type { Kubectl } from '../peers/index.ts'
import { firstMatch } from '../support/children.ts'
import type { TestCluster } from '../support/cluster.ts'
import { collect, until } from '../support/running.ts'
import { MANIFESTS, STEPS, type Step } from './kubectl-steps.ts'

/** Every command of a day's work, with one kubectl, in a namespace of its own: so several can work at a time. */
export function kubectlDay({ version, path }: Kubectl, clusterOf: () => TestCluster): void {
  const namespace = `day-${version.replace('.', '-')}`
  const minor = Number(version.split('.')[1])

  describe(`with kubectl ${version}`, { concurrency: 1 }, () => {
    let cluster: TestCluster
    let folder: string
    const kubectl = (words: readonly string[], { input, env }: Pick<Step, 'input' | 'env'> = {}) =>
      cluster.kubectl(path, ['-n', namespace, ...words], { input, ...(env ? { env } : {}) })
    const lasting = (...words: string[]) =>
      spawn(path, ['-n', namespace, ...words], {
        env: { ...process.env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.root },
      })

    before(async () => {
      cluster = clusterOf()
      folder = await mkdtemp(join(tmpdir(), 'kubox-kubectl-'))
      const request = Buffer.from(createSigningRequest(generateKey(), { commonName: 'ann' })).toString('base64')
      for (const [name, text] of Object.entries(MANIFESTS))
        await writeFile(join(folder, name), filled(text).replace('REQUEST', request))
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
      it(step.line, async () => check(step, await kubectl(wordsOf(step), step)))
    }

    it('get -w: what is there, and each change as it comes', async () => {
      assert.equal((await kubectl(['create', 'configmap', 'watched'])).code, 0)
      const watch = lasting('get', 'configmap', 'watched', '-w')
      const seen = collect(watch)
      await until(() => /^watched +0/m.test(seen.text()), seen.text)
      await kubectl(['patch', 'configmap', 'watched', '-p', '{"data":{"a":"b"}}'])
      await until(() => /^watched +1/m.test(seen.text()), seen.text)
      watch.kill()
      await once(watch, 'close')
    })

    it('proxy: every program on this machine may ask without keys', async () => {
      const proxy = lasting('proxy', '--port=0')
      const said = await firstMatch(proxy, /127\.0\.0\.1:(\d+)/)
      const base = `http://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(said)?.[1]}`
      const asked = async (target: string) =>
        (await fetch(`${base}${target}`)).json() as Promise<Record<string, unknown>>
      assert.ok(((await asked('/')).paths as string[]).includes('/apis/apps/v1'))
      assert.equal((await asked('/api/v1')).kind, 'APIResourceList')
      assert.equal((await asked('/openapi/v2')).swagger, '2.0')
      proxy.kill()
      await once(proxy, 'close')
    })
  })
}
