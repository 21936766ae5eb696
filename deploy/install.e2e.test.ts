import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../test/lab/lab.ts'

describe('install.sh', () => {
  const lab = new Lab(`install-${process.pid}`)
  const install = (options = '') => lab.exec('master1', ['sh', '-c', `/opt/kubox/deploy/install.sh ${options} 2>&1`])

  before(() => lab.up({ masters: 1, workers: 0 }))
  after(() => lab.down())

  it('installs the command and says what to type next', async () => {
    await lab.sh('master1', 'rm /usr/local/bin/kubox')
    const { code, stdout } = await install()
    assert.equal(code, 0, stdout)
    assert.match(stdout, /next: `kubox init`/)
    assert.match(await lab.sh('master1', 'kubox --version'), /\d/)
  })

  it('installs a given executable, and again over itself', async () => {
    await lab.sh('master1', "printf '#!/bin/sh\\necho 9.9.9\\n' > /root/release; chmod +x /root/release")
    for (const round of [1, 2]) {
      const { stdout } = await install('--from /root/release')
      assert.match(stdout, /version 9\.9\.9/, `round ${round}`)
    }
    await lab.sh('master1', '[ ! -L /usr/local/bin/kubox ] && [ -x /usr/local/bin/kubox ]')
  })

  it('renames a cloned machine', async () => {
    assert.equal((await install('--from /root/release --hostname worker7')).code, 0)
    assert.equal(await lab.sh('master1', 'hostname; cat /etc/hostname'), 'worker7\nworker7\n')
    assert.match(await lab.sh('master1', 'cat /etc/hosts'), /127\.0\.1\.1 worker7/)
  })

  it('takes swap out of fstab, and nothing else', async () => {
    const lines = [
      'UUID=1 / ext4 defaults 0 1',
      '/swap.img none swap sw 0 0',
      '# swap was here',
      '/dev/sdb1 /swaps ext4 ro 0 0',
    ]
    await lab.exec('master1', ['sh', '-c', 'cat > /etc/fstab'], { input: `${lines.join('\n')}\n` })
    assert.equal((await install('--from /root/release --swap-off')).code, 0)
    assert.deepEqual(
      (await lab.sh('master1', 'cat /etc/fstab')).trim().split('\n'),
      lines.toSpliced(1, 1, `#${lines[1]}`),
    )
  })

  const refusals: [string, RegExp][] = [
    ['--from /nowhere', /there is no \/nowhere/],
    ['--frm x', /unknown option --frm/],
    ['--hostname', /--hostname needs a name/],
  ]
  for (const [options, expected] of refusals) {
    it(`refuses ${options}`, async () => {
      const { code, stdout } = await install(options)
      assert.notEqual(code, 0)
      assert.match(stdout, expected)
    })
  }
})
