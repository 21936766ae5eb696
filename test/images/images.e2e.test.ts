import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type RunResult, runChecked, systemProcesses } from '../../platform/processes.ts'
import { ensureImage, ensureImages } from './index.ts'
import { IMAGE_NAMES, type ImageName, referencesOf } from './recipes.ts'

const PREFIX = `images-test-${process.pid}`
let made = 0

const docker = (...args: string[]) => runChecked(systemProcesses, 'docker', args)

/** Starts a container of an image and says its name; all of them go away in the end. */
async function start(image: ImageName, args: readonly string[] = [], flags: readonly string[] = []): Promise<string> {
  await ensureImage(image)
  const name = `${PREFIX}-${made++}`
  await docker('run', '-d', '--name', name, '--hostname', name, ...flags, image, ...args)
  return name
}

/** Runs a shell in a container; the exit code is part of the answer. */
function sh(container: string, script: string): Promise<RunResult> {
  return systemProcesses.run('docker', ['exec', container, 'sh', '-c', script], { timeoutMs: 180_000 })
}

/** Repeats a shell condition inside the container until it holds. */
async function until(container: string, condition: string): Promise<string> {
  const { code, stdout, stderr } = await sh(
    container,
    `for i in $(seq 1200); do ${condition} && exit; sleep 0.1; done; exit 1`,
  )
  assert.equal(code, 0, `${condition}: ${stdout}${stderr}${await docker('logs', container)}`)
  return stdout
}

const status = (path: string, port = 8080) => `wget -S -O /dev/null http://127.0.0.1:${port}${path} 2>&1 | grep HTTP/`

after(async () => {
  const names = await docker('ps', '-aq', '--filter', `name=${PREFIX}-`)
  if (names.trim()) await docker('rm', '-f', '-v', ...names.trim().split('\n'))
})

describe('images', () => {
  it('are in the Engine under every name', async () => {
    await ensureImages()
    for (const name of IMAGE_NAMES)
      for (const reference of referencesOf(name)) await docker('image', 'inspect', reference)
  })

  it('a name that was taken over by something else is put right again', async () => {
    const id = await ensureImage('exit-after')
    await ensureImage('busybox')
    await docker('tag', 'busybox', 'exit-after')
    assert.equal(await ensureImage('exit-after'), id)
    assert.equal((await docker('image', 'inspect', '-f', '{{.Id}}', 'exit-after')).trim(), id)
  })

  it('busybox runs a shell and resolves names', async () => {
    const box = await start('busybox', ['sleep', '3600'])
    assert.equal((await sh(box, 'ping -c 1 localhost >/dev/null && echo yes')).stdout, 'yes\n')
  })
})

describe('web', () => {
  it('answers its hostname, the client and an echo, on several ports and over UDP', async () => {
    const web = await start('web', ['server', '--port', '8080,8081', '--udp', '9000', '--echo', '7000'])
    await until(web, status('/'))
    assert.equal((await sh(web, 'wget -qO- http://127.0.0.1:8081/hostname')).stdout, `${web}\n`)
    assert.match((await sh(web, 'wget -qO- http://127.0.0.1:8080/clientip')).stdout, /^127\.0\.0\.1:\d+\n$/)
    assert.equal((await sh(web, "wget -qO- 'http://127.0.0.1:8080/echo?msg=a%20b+c'")).stdout, 'a b c')
    assert.equal((await sh(web, "wget -qO- --post-data 'body' http://127.0.0.1:8080/echo")).stdout, 'body')
    assert.equal((await sh(web, 'udp 127.0.0.1 9000 hostname')).stdout, web)
    assert.equal((await sh(web, 'echo there and back | nc -w 1 127.0.0.1 7000')).stdout, 'there and back\n')
    assert.match((await sh(web, status('/nowhere'))).stdout, /404/)
  })

  it('is healthy until it is switched off, and again when switched on', async () => {
    const web = await start('web')
    const steps: [string, RegExp][] = [
      ['/healthz', /200/],
      ['/healthz/off', /200/],
      ['/healthz', /500/],
      ['/healthz/on', /200/],
      ['/healthz', /200/],
    ]
    await until(web, status('/'))
    for (const [path, expected] of steps) assert.match((await sh(web, status(path))).stdout, expected, path)
  })

  it('starts slowly when asked: silent, then 503, then 200', async () => {
    const web = await start('web', ['server', '--delay', '3', '--unready', '5'])
    const seen = await until(
      web,
      `{ ${status('/')} || echo silent; } | tee -a /tmp/seen | grep -q 200 && sort -u /tmp/seen`,
    )
    assert.match(seen, /200[\s\S]*503[\s\S]*silent/)
  })

  it('ends at once and well on SIGTERM', async () => {
    const web = await start('web')
    await until(web, status('/'))
    await docker('stop', '-t', '20', web)
    assert.equal(await docker('inspect', '-f', '{{.State.ExitCode}}', web), '0\n')
  })
})

describe('the liveness example', () => {
  it('is well for a while, ten seconds unless told otherwise, then sick', async () => {
    const liveness = await start('k8s.gcr.io/liveness', ['/server'], ['-e', 'HEALTHY=1'])
    await until(liveness, `${status('/healthz')} | grep 200`)
    await until(liveness, `${status('/healthz')} | grep 500`)
    assert.match(await docker('image', 'inspect', 'k8s.gcr.io/liveness'), /"HEALTHY=10"/)
  })
})

describe('programs that misbehave', () => {
  it('dirty-memory holds what it was told', async () => {
    const hog = await start('dirty-memory', ['dirty-memory', '48', '16'])
    await until(hog, `grep VmRSS /proc/1/status | awk '{ exit $2 < 48 * 1024 }'`)
    assert.match(await docker('logs', hog), /holding 16 MiB\nholding 32 MiB\nholding 48 MiB/)
  })

  it('ignore-term outlives SIGTERM', async () => {
    const stubborn = await start('ignore-term')
    await until(stubborn, 'grep -q "^SigCgt:.*4...$" /proc/1/status')
    await docker('kill', '-s', 'TERM', stubborn)
    await until(stubborn, 'true')
    await docker('stop', '-t', '1', stubborn)
    assert.equal(await docker('inspect', '-f', '{{.State.ExitCode}}', stubborn), '137\n')
    assert.match(await docker('logs', stubborn), /ignoring SIGTERM/)
  })

  it('exit-after ends with its code', async () => {
    const short = await start('exit-after', ['exit-after', '0.2', '42'])
    assert.equal(await docker('wait', short), '42\n')
  })
})

describe('the Jenkins stand-in', () => {
  it('gets ready, has curl, and remembers its home', async () => {
    // Long enough for a slow engine to get a shell into the container meanwhile.
    const flags = ['-e', 'START_SECONDS=1', '-e', 'GETTING_READY_SECONDS=8']
    const first = await start('jenkins:2.60.3', [], flags)
    await until(first, `curl -s -o /dev/null -w '%{http_code}\n' localhost:8080 | grep 503`)
    await until(first, `curl -s -o /dev/null -w '%{http_code}\n' localhost:8080 | grep 200`)
    assert.match((await sh(first, 'curl -si localhost:8080')).stdout, /X-Jenkins: 2\.60\.3/)
    await docker('stop', first)
    const second = await start('jenkins:2.60.3', [], [...flags, '--volumes-from', first])
    assert.equal(await until(second, 'cat /var/jenkins_home/starts'), '2\n')
  })
})
