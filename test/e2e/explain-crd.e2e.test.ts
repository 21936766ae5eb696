import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { proseFrom } from '../../api/openapi/prose.ts'
import { collectProse } from '../../deploy/prose.ts'
import { extraKubectls, type Kubectl, kubectls } from '../peers/index.ts'
import { type ApiListener, startApiListener } from '../support/api-listener.ts'

/** What kubectl does with OpenAPI documents and custom resources, in every age that is at hand. */

const MODELS = join(import.meta.dirname, '../../node_modules/@kubernetes/client-node/dist/gen/models')

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

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What shall be run, and when.
            required: [cronSpec]
            x-kubernetes-validations:
            - {rule: "self.replicas < 7 || has(self.image)", message: many replicas need an image}
            properties:
              cronSpec: {type: string, description: When it runs.}
              image: {type: string}
              replicas: {type: integer, default: 1, minimum: 1, maximum: 10}
          status: {type: object, properties: {replicas: {type: integer}}}
`

const CRONTAB = `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: mine}
spec: {cronSpec: "* * * * 5", image: busybox}
`

describe('kubectl of every age', async () => {
  let listener: ApiListener
  const programs = await allKubectls()
  before(async () => {
    const prose = proseFrom(collectProse(MODELS))
    listener = await startApiListener({ openApiProse: () => prose })
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
      assert.match(await run(kubectl, ['explain', 'pod.spec.containers.image']), /Container image name/)
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

    it(`${kubectl.version} works with custom resources`, async () => {
      const crd = 'crd/crontabs.stable.example.com'
      await run(kubectl, ['apply', '-f', '-'], DEFINITION)
      await run(kubectl, ['wait', '--for=condition=established', crd, '--timeout=180s'])
      assert.match(await run(kubectl, ['apply', '-f', '-'], CRONTAB), /crontab.stable.example.com\/mine created/)
      assert.match(await run(kubectl, ['apply', '-f', '-'], CRONTAB.replace('busybox', 'alpine')), /mine configured/)
      assert.match(await run(kubectl, ['get', 'ct']), /^NAME +SPEC +REPLICAS +AGE\nmine +\* \* \* \* 5 +1 +\d+s\n$/)
      assert.match(
        await run(kubectl, ['explain', 'crontab.spec']),
        /What shall be run[\s\S]*cronSpec\s+<string> -required-/,
      )
      await run(kubectl, ['scale', 'ct/mine', '--replicas=4'])
      const patch = '{"spec":{"image":"nginx"}}'
      await run(kubectl, ['patch', 'ct', 'mine', '--type=merge', '-p', patch])
      const applied = CRONTAB.replace('image', 'replicas: 6, image')
      await run(kubectl, ['apply', '--server-side', '--force-conflicts', '-f', '-'], applied)
      assert.equal(await run(kubectl, ['get', 'ct', 'mine', '-o', 'jsonpath={.spec.replicas}']), '6')
      await run(kubectl, ['delete', 'ct', 'mine'])
    })

    it(`${kubectl.version} is told what is wrong with a custom resource`, async () => {
      const wrong: [string, RegExp][] = [
        [CRONTAB.replace('image:', 'imag:'), /unknown field "[^"]*imag"/],
        [CRONTAB.replace('cronSpec: "* * * * 5", ', ''), /cronSpec/],
        [CRONTAB.replace('image', 'replicas: 11, image'), /spec.replicas in body should be less than or equal to 10/],
        [CRONTAB.replace('image: busybox', 'replicas: 8'), /many replicas need an image/],
      ]
      for (const [text, message] of wrong) assert.match(await run(kubectl, ['create', '-f', '-'], text, 1), message)
      await run(kubectl, ['delete', 'crd', 'crontabs.stable.example.com'])
      await run(kubectl, ['get', 'ct'], undefined, 1)
    })
  }
})

async function allKubectls(): Promise<Kubectl[]> {
  return [...(await kubectls()), ...(await extraKubectls())]
}
