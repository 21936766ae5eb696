import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { extraKubectls, type Kubectl, kubectls } from '../peers/index.ts'
import { type ApiListener, startApiListener } from '../support/api-listener.ts'

/** What kubectl does with OpenAPI documents and custom resources, in every age that is at hand. */

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1", resources: {requests: {cpu: 1, memory: 10Mi}}}
`

describe('kubectl of every age', async () => {
  let listener: ApiListener
  const programs = await allKubectls()
  before(async () => {
    listener = await startApiListener()
  })
  after(() => listener.close())

  async function run(kubectl: Kubectl, args: string[], stdin?: string, code = 0): Promise<string> {
    const result = await listener.kubectl(kubectl.path, args, stdin)
    assert.equal(result.code, code, `kubectl ${kubectl.version} ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout + result.stderr
  }

  for (const kubectl of programs) {
    it(`${kubectl.version} explains fields`, async () => {
      assert.match(
        await run(kubectl, ['explain', 'pod.spec.containers']),
        /image\s+<string>[\s\S]*name\s+<string> -required-/,
      )
      const tree = await run(kubectl, ['explain', 'deployment', '--recursive'])
      assert.match(tree, /matchLabels\s+<map\[string\]string>[\s\S]*containerPort\s+<integer>/)
      await run(kubectl, ['explain', 'pod.spec.nothing'], undefined, 1)
    })

    it(`${kubectl.version} applies, compares and validates`, async () => {
      await run(kubectl, ['apply', '-f', '-'], DEPLOYMENT)
      await run(kubectl, ['diff', '-f', '-'], DEPLOYMENT)
      const changed = await run(kubectl, ['diff', '-f', '-'], DEPLOYMENT.replace('nginx:1', 'nginx:2'), 1)
      assert.match(changed, /^\+.*nginx:2/m)
      const wrong = DEPLOYMENT.replace('image:', 'imag:').replace('name: web}', 'name: bad}')
      assert.match(await run(kubectl, ['create', '--validate=true', '-f', '-'], wrong, 1), /unknown field "[^"]*imag"/)
      await run(kubectl, ['create', '--dry-run=server', '-f', '-'], DEPLOYMENT.replace('{name: web}', '{name: dry}'))
      await run(kubectl, ['delete', 'deployment', 'web', '--wait=false'])
    })
  }
})

async function allKubectls(): Promise<Kubectl[]> {
  return [...(await kubectls()), ...(await extraKubectls())]
}
