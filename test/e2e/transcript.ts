import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ensureImage } from '../images/index.ts'
import type { Kubectl } from '../peers/index.ts'
import { firstMatch } from '../support/children.ts'
import { type ClusterOptions, startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'

const JENKINS = `apiVersion: v1
kind: Pod
metadata:
    name: jenkins-manual
spec:
    containers: #컨테이너 정보
    - name: jenkins-manual
      image: jenkins:2.60.3
      ports:
      - containerPort: 8080
`

/** Older clients speak SPDY only; newer ones are made to, so that both ways are walked with each. */
const SPDY_ONLY = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }

/** What a learner does with a Jenkins pod, from create to delete, with each of these kubectls on one real cluster. */
export function jenkinsByHand(title: string, versions: readonly Kubectl[], options: ClusterOptions = {}): void {
  describe(title, () => {
    let cluster: TestCluster
    let manifest: string

    before(async () => {
      await ensureImage('jenkins:2.60.3')
      cluster = await startCluster(options)
      manifest = join(cluster.root, 'jenkins-manual-pod.yaml')
      await writeFile(manifest, JENKINS)
    })
    after(() => cluster?.stop())

    for (const { version, path } of versions) {
      describe(`with kubectl ${version}`, () => {
        const kubectl = (...args: string[]) => cluster.kubectl(path, args)
        const succeed = async (...args: string[]) => {
          const result = await kubectl(...args)
          assert.equal(result.code, 0, `kubectl ${args.join(' ')}: ${result.stderr}\n${await cluster.evidence()}`)
          return result.stdout
        }

        it('create -f makes the pod, and it becomes Ready', async () => {
          assert.match(await succeed('create', '-f', manifest), /pod\/jenkins-manual created/)
          await succeed('wait', '--for=condition=Ready', 'pod/jenkins-manual', '--timeout=180s')
          await answering(cluster, path)
        })

        it('get pods -o wide shows where it runs', async () => {
          const [head = '', row = ''] = (await succeed('get', 'pods', '-o', 'wide')).split('\n')
          assert.match(head, /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/)
          assert.match(
            row,
            new RegExp(
              `^jenkins-manual +1/1 +Running +0 +\\d+m?\\d*s +\\d+\\.\\d+\\.\\d+\\.\\d+ +${cluster.nodeName} +<none> +<none>$`,
            ),
          )
        })

        it('get -o yaml prints its whole configuration', async () => {
          const yaml = await succeed('get', 'pod', 'jenkins-manual', '-o', 'yaml')
          for (const line of [
            'kind: Pod',
            'image: jenkins:2.60.3',
            'containerPort: 8080',
            'phase: Running',
            'restartPolicy: Always',
          ]) {
            assert.ok(yaml.includes(line), `${line} is missing in\n${yaml}`)
          }
        })

        it('describe tells its story in events', async () => {
          const text = await succeed('describe', 'pod', 'jenkins-manual')
          assert.match(text, /Status: +Running/)
          assert.match(text, /Scheduled .*Successfully assigned default\/jenkins-manual to /)
          assert.match(text, /Pulled .*already present on machine/)
          assert.match(text, /Created .*[Cc]reated/)
          assert.match(text, /Started .*[Ss]tarted/)
        })

        it('logs prints what it said, logs -f goes on', async () => {
          assert.match(await succeed('logs', 'jenkins-manual'), /Jenkins/)
          const follower = spawn(path, ['logs', '-f', 'jenkins-manual'], {
            env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
          })
          try {
            assert.match(await firstMatch(follower, /Jenkins/), /Jenkins/)
          } finally {
            follower.kill()
            await once(follower, 'exit')
          }
        })

        for (const [way, env] of [
          ['as it likes', {}],
          ['over SPDY', SPDY_ONLY],
        ] as const) {
          it(`exec ${way}: output, errors, input and exit codes come back right`, async () => {
            const exec = (args: string[], input?: string) =>
              cluster.kubectl(path, ['exec', ...(input === undefined ? [] : ['-i']), 'jenkins-manual', '--', ...args], {
                env,
                input,
              })
            const page = await exec(['curl', '-s', 'localhost:8080'])
            assert.equal(page.code, 0, page.stderr)
            assert.match(page.stdout, /jenkins-manual/)
            const failing = await exec(['sh', '-c', 'echo out; echo err >&2; exit 7'])
            assert.deepEqual([failing.code, failing.stdout], [7, 'out\n'])
            assert.match(failing.stderr, /^err\n/)
            assert.equal((await exec(['cat'], 'through and back\n')).stdout, 'through and back\n')
          })

          it(`port-forward ${way} reaches the pod's port`, async () => {
            const forward = spawn(path, ['port-forward', 'jenkins-manual', ':8080'], {
              env: { ...process.env, KUBECONFIG: cluster.kubeconfig, ...env },
            })
            try {
              const said = await firstMatch(forward, /Forwarding from 127\.0\.0\.1:(\d+) -> 8080/)
              const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1]
              const answers = await Promise.all(
                [1, 2, 3].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
              )
              for (const answer of answers) assert.match(answer, /jenkins-manual/)
            } finally {
              forward.kill()
              await once(forward, 'exit')
            }
          })
        }

        it('delete pods --all leaves nothing', async () => {
          assert.match(await succeed('delete', 'pods', '--all'), /pod "jenkins-manual" deleted/)
          assert.match((await kubectl('get', 'pods')).stderr, /No resources found/)
        })
      })
    }
  })
}

/** The stand-in starts slowly, as Jenkins does: 503 first. */
async function answering(cluster: TestCluster, path: string): Promise<void> {
  const evidence = () => cluster.evidence()
  await eventually({ what: 'Jenkins answers 200 inside its pod', deadlineMs: 180_000, evidence }, async () => {
    const probe = [
      'exec',
      'jenkins-manual',
      '--',
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      'localhost:8080',
    ]
    return (await cluster.kubectl(path, probe)).stdout.trim() === '200'
  })
}
