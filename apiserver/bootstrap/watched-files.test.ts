import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock, nextTurn } from '../../platform/clock.ts'
import type { AuthorizationMode } from '../options.ts'
import { startTestServer } from '../testing.ts'

type Mode = AuthorizationMode
const NOBODY = { name: 'ann', groups: [] }
const MAPS = '/api/v1/namespaces/default/configmaps'

/** A server whose authorizers stand in a file: their types, one after the other. */
async function serverOf(first: string) {
  let text: string | Error = first
  const server = await startTestServer({
    clock: new FakeClock(),
    authorization: first.split(' ') as Mode[],
    watchedFiles: [
      {
        subject: 'authorization',
        text: first,
        async read() {
          if (text instanceof Error) throw text
          return text
        },
        use(again, changeable) {
          if (again === '') throw new Error('there is nothing in it')
          changeable.useAuthorizers(again.split(' ') as Mode[])
        },
      },
    ],
  })
  const metrics = async () => {
    const { text } = await server.call('GET', '/metrics')
    const found = [...text.matchAll(/^apiserver_authorization_config_controller_automatic_(.*) (.*)$/gm)]
    return found.map(([, name, value]) => `${name!.replace(/apiserver_id_hash="sha256:[0-9a-f]{64}",/, '')} ${value}`)
  }
  return {
    ...server,
    metrics,
    told: () => server.log.entries.filter(({ message }) => message.startsWith('A file of the configuration')),
    async change(next: string | Error) {
      text = next
      server.clock.advance(10_000)
      for (let turns = 0; turns < 5; turns++) await nextTurn()
    },
    mayList: async () => (await server.call('GET', MAPS, { as: NOBODY })).status === 200,
  }
}

describe('a file that is watched', () => {
  it('is used again when it has changed', async () => {
    const server = await serverOf('AlwaysDeny AlwaysAllow')
    assert.equal(await server.mayList(), true, 'who denies so has no opinion')
    await server.change('AlwaysAllow AlwaysDeny')
    assert.equal(server.told().at(-1)!.message, 'A file of the configuration was read again')
    const at = server.clock.now() / 1000
    assert.deepEqual(await server.metrics(), [
      'reloads_total{status="success"} 1',
      `reload_last_timestamp_seconds{status="success"} ${at}`,
    ])
    await server.change('AlwaysAllow AlwaysDeny')
    assert.equal((await server.metrics())[0], 'reloads_total{status="success"} 1', 'the same is no change')
    await server.server.close()
  })

  const faults: [string, string | Error, RegExp][] = [
    ['is wrong', '', /there is nothing in it/],
    ['cannot be read', new Error('no such file'), /no such file/],
    ['takes a type away', 'AlwaysAllow', /must stay AlwaysAllow, RBAC, and not be AlwaysAllow/],
    ['brings another type', 'RBAC AlwaysAllow Node', /must stay AlwaysAllow, RBAC/],
  ]
  for (const [what, text, message] of faults) {
    it(`and ${what} changes nothing, which is told and counted`, async () => {
      const server = await serverOf('RBAC AlwaysAllow')
      await server.change(text)
      const { level, fields } = server.told().at(-1)!
      assert.deepEqual([level, fields.subject], ['error', 'authorization'])
      assert.match(String(fields.error), message)
      assert.equal((await server.metrics())[0], 'reloads_total{status="failure"} 1')
      assert.equal(await server.mayList(), true)
      await server.change('AlwaysAllow RBAC')
      assert.ok((await server.metrics()).includes('reloads_total{status="success"} 1'), 'and it may be mended')
      await server.server.close()
    })
  }

  it('may name other webhooks', async () => {
    const server = await startTestServer({
      clock: new FakeClock(),
      authorization: ['RBAC'],
      watchedFiles: [
        {
          ...{ subject: 'authorization', text: '', read: async () => 'changed' },
          use: (_, changeable) =>
            changeable.useAuthorizers([{ url: 'http://127.0.0.1:1/', name: 'x', onFailure: 'Deny' }, 'RBAC']),
        },
      ],
    })
    const as = { name: 'ann', groups: ['system:authenticated'] }
    assert.equal((await server.call('GET', '/version', { as })).status, 200)
    server.clock.advance(10_000)
    for (let turns = 0; turns < 5; turns++) await nextTurn()
    const { status, json } = await server.call('GET', '/version', { as })
    assert.deepEqual([status, /the webhook x could not be asked/.test(json.message)], [403, true])
    await server.server.close()
  })
})
