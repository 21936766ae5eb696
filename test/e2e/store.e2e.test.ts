import { after } from 'node:test'
import { createRemoteStore } from '../../apiserver/storage/remote.ts'
import { systemClock } from '../../platform/clock.ts'
import { storeContract } from '../contract/store.ts'
import { EtcdProcess, KUBOX_ETCD } from '../etcd/servers.ts'
import { etcd } from '../peers/index.ts'

// The remote store against real servers: what holds for ours must hold for etcd's, or a cluster could not move.
const servers: EtcdProcess[] = []
after(() => Promise.all(servers.map(server => server.stop())))

const COMMANDS: Record<string, () => Promise<readonly string[]>> = {
  'etcd-server 3.4': async () => [(await etcd('3.4')).etcd],
  'etcd-server 3.5.30': async () => [(await etcd('3.5.30')).etcd],
  'kubox etcd': async () => KUBOX_ETCD,
}

for (const [name, command] of Object.entries(COMMANDS)) {
  storeContract(`remote, ${name}`, async () => {
    const server = await EtcdProcess.start({ command: await command() })
    servers.push(server)
    const store = createRemoteStore({ endpoints: [server.endpoint], clock: systemClock })
    return { store, pass: async () => {} }
  })
}
