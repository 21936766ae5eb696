import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ensureImage } from '../images/index.ts'
import { kubectl as debianKubectl } from '../peers/index.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { autoscaler, busyFor, daemonSet, deployment, indexedJob, pod, statefulSet } from './workload-manifests.ts'

/** Workloads as people run them: declared with kubectl, disturbed, and healed, on a real node. */
describe('workloads', () => {
  let cluster: TestCluster
  let path: string

  before(async () => {
    path = await debianKubectl('1.36')
    await ensureImage('busybox')
    cluster = await startCluster()
  })
  after(() => cluster?.stop())

  /** kubectl in one namespace. */
  function kubectlIn(namespace: string) {
    const run = (words: string | string[], input?: string) => {
      const list = typeof words === 'string' ? words.split(' ') : words
      return cluster.kubectl(path, ['-n', namespace, ...list], { input })
    }
    const succeed = async (words: string | string[], input?: string) => {
      const result = await run(words, input)
      assert.equal(result.code, 0, `kubectl ${words}: ${result.stdout}${result.stderr}\n${await cluster.evidence()}`)
      return result.stdout.trim()
    }
    const until = (what: string, words: string, wanted: RegExp, deadlineMs = 180_000) =>
      eventually(
        { what: `${what}: ${words}`, deadlineMs, everyMs: 500, evidence: () => succeed('get all,events') },
        async () => wanted.test(await succeed(words)),
      )
    const apply = (...objects: object[]) =>
      succeed('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
    return { run, succeed, until, apply }
  }

  async function namespace(name: string) {
    await kubectlIn('default').succeed(`create namespace ${name}`)
    return kubectlIn(name)
  }

  describe('declared and disturbed', { concurrency: 3 }, () => {
    it('scale up and down with the load on their processors', async () => {
      const { apply, until, succeed } = await namespace('busy')
      await apply(deployment('busy', { replicas: 1 }, busyFor(25)), autoscaler('busy'))
      const replicas = 'get deployment busy -o jsonpath={.spec.replicas}'
      await until('more under load', replicas, /^[23]$/, 120_000)
      assert.match(await succeed('top pods --containers'), /busy-\S+ +main +\d+m/)
      assert.match(await succeed('top nodes'), /\d+m +\d+%/)
      await until('fewer without', replicas, /^1$/, 180_000)
    })

    it('run by the clock', async () => {
      const { succeed, until } = await namespace('clock')
      await succeed(['create', 'cronjob', 'minutely', '--image=busybox', '--schedule=* * * * *', '--', 'true'])
      await until('a run', 'get jobs -o jsonpath={.items[*].status.succeeded}', /1/, 90_000)
    })

    it('stop at a bad image, say so at the deadline, and go back', async () => {
      const { apply, run, succeed } = await namespace('rollout')
      await apply(deployment('web', { replicas: 2, progressDeadlineSeconds: 5 }))
      await succeed('rollout status deployment/web --timeout=180s')
      await succeed('set image deployment/web main=no-such-image:1')
      const stuck = await run('rollout status deployment/web --timeout=180s')
      assert.notEqual(stuck.code, 0)
      assert.match(stuck.stderr, /deployment "web" exceeded its progress deadline/)
      assert.equal(await succeed('get deployment web -o jsonpath={.status.availableReplicas}'), '2')
      await succeed('rollout undo deployment/web')
      await succeed('rollout status deployment/web --timeout=180s')
      assert.equal(await succeed('get deployment web -o jsonpath={.spec.template.spec.containers[0].image}'), 'busybox')
    })

    it('keep their names and what they wrote', async () => {
      const { apply, succeed, until } = await namespace('stateful')
      await apply(statefulSet('db'))
      await succeed('rollout status statefulset/db --timeout=180s')
      const claims = await succeed('get pvc -o jsonpath={.items[*].spec.volumeName}')
      await succeed('delete pod --all --timeout=180s')
      await until('both again', 'get statefulset db -o jsonpath={.status.readyReplicas}', /^2$/)
      for (const name of ['db-0', 'db-1']) {
        await until(`${name} has its lines`, `exec ${name} -- cat /data/starts`, new RegExp(`^${name}\n${name}$`))
      }
      assert.equal(await succeed('get pvc -o jsonpath={.items[*].spec.volumeName}'), claims)
      const volumes = claims.split(' ')
      const folders = await succeed(`get pv ${claims} -o jsonpath={.items[*].spec.hostPath.path}`)
      for (const folder of folders.split(' '))
        assert.match(await readFile(join(folder, 'starts'), 'utf8'), /^db-[01]$/m)
      await succeed('delete statefulset/db pvc/data-db-0 pvc/data-db-1 --timeout=60s')
      for (const volume of volumes) await succeed(`wait pv/${volume} --for=delete --timeout=60s`)
      for (const folder of folders.split(' ')) assert.equal(existsSync(folder), false, folder)
    })

    it('stand on every node, on new ones too', async () => {
      const { apply, succeed, until } = await namespace('daemons')
      await apply(daemonSet('everywhere'))
      await succeed('rollout status daemonset/everywhere --timeout=180s')
      await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'newcomer' } })
      const places = 'get pods -o jsonpath={.items[*].spec.nodeName}'
      await until('the new node has one', places, /newcomer/)
      await succeed('delete node newcomer')
      await until('the pod goes with the node', places, new RegExp(`^${cluster.nodeName}$`))
    })

    it('count the indexes of a job that fail', async () => {
      const { apply, until } = await namespace('jobs')
      await apply(indexedJob('parts'))
      const status =
        'get job parts -o jsonpath={.status.completedIndexes}/{.status.failedIndexes}/{.status.conditions[*].type}'
      await until('the job has failed', status, /^0,2\/1\/.*Failed/)
    })

    it('explain why they wait, and make way for what matters more', async () => {
      const { apply, succeed, until } = await namespace('crowded')
      await apply(pod('giant', { cpu: '1000' }))
      const said = 'get events --field-selector=involvedObject.name=giant -o jsonpath={.items[*].message}'
      await until('the reason', said, /nodes are available: 1 Insufficient cpu/)
      await until('the amounts', said, new RegExp(`needs 1k cpu: ${cluster.nodeName} has \\d+m of \\d+ left`))
      const cores = Number(await succeed(`get node ${cluster.nodeName} -o jsonpath={.status.capacity.cpu}`))
      const most = { cpu: `${cores * 600}m` }
      await succeed('create priorityclass important --value=1000')
      await apply(pod('humble', most))
      await succeed('wait pod/humble --for=condition=Ready --timeout=180s')
      await apply(pod('mighty', most, { priorityClassName: 'important' }))
      await succeed('wait pod/mighty --for=condition=Ready --timeout=180s')
      await until('the other one is gone', 'get pods -o name', /^(?!.*humble)/s)
      assert.match(await succeed('get events -o jsonpath={.items[*].reason}'), /Preempted/)
    })

    it('go with their namespace, which says what it waits for', async () => {
      const { apply, succeed, until } = await namespace('doomed')
      await apply(deployment('web', { replicas: 1 }), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'held', finalizers: ['example.com/hold'] },
      })
      await succeed('rollout status deployment/web --timeout=180s')
      await succeed('delete namespace doomed --wait=false')
      const blocked =
        'get namespace doomed -o jsonpath={.status.conditions[?(@.type=="NamespaceFinalizersRemaining")].message}'
      await until('the condition', blocked, /example\.com\/hold in 1 resource instances/)
      await succeed('patch configmap held --type=json -p [{"op":"remove","path":"/metadata/finalizers"}]')
      await succeed('wait namespace/doomed --for=delete --timeout=180s')
    })
  })

  it('leave a node that is drained when their budget lets them', async () => {
    const { apply, run, succeed, until } = await namespace('drained')
    await apply(deployment('guarded', { replicas: 2 }))
    await succeed('rollout status deployment/guarded --timeout=180s')
    await succeed('create poddisruptionbudget guarded --selector=app=guarded --min-available=2')
    await until('the budget counts', 'get pdb guarded -o jsonpath={.status.currentHealthy}', /^2$/)
    const drain = `drain ${cluster.nodeName} --pod-selector=app=guarded --timeout`
    const refused = await run(`${drain}=6s`)
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /Cannot evict pod as it would violate the pod's disruption budget\./)
    assert.equal(await succeed('get pods -o jsonpath={.items[*].status.phase}'), 'Running Running')
    await succeed('delete pdb guarded')
    assert.match(await succeed(`${drain}=60s`), /drained/)
    await until('the new ones wait', 'get pods -o jsonpath={.items[*].status.phase}', /^Pending Pending$/)
    await succeed(`uncordon ${cluster.nodeName}`)
    await succeed('rollout status deployment/guarded --timeout=180s')
  })
})
