import type { ApiHandler } from '../../api/exchange.ts'
import { builtinKinds } from '../../api/kinds/registry.ts'
import { createApiServer } from '../../apiserver/app.ts'
import { createHttpListener } from '../../apiserver/http.ts'
import type { VersionInfo } from '../../apiserver/options.ts'
import { METRICS_API } from '../../controller/metrics/api.ts'
import type { Log } from '../../platform/log.ts'
import { FlagReader } from '../flags.ts'
import type { Flags } from '../manifests.ts'
import type { Tools } from '../tools.ts'
import { KUBERNETES_VERSION, VERSION } from '../version.ts'
import { APISERVER_FLAGS, ApiserverFlags } from './apiserver-flags.ts'
import type { Running } from './control-plane.ts'
import { type Links, unavailable } from './links.ts'
import { releaseProse } from './prose.ts'
import { openStore } from './store.ts'

/** An API server on its port, with the store that its flags name. */
export async function startApiserver(flags: Flags, links: Links, tools: Tools, log: Log): Promise<Running> {
  const { clock, random, disk, layout } = tools
  const reader = FlagReader.forComponent('kube-apiserver', flags, APISERVER_FLAGS, layout.manifests)
  const apiserverFlags = new ApiserverFlags(reader, disk)
  const listen = await apiserverFlags.listen()
  const options = await apiserverFlags.options({ random, clock, log })
  const store = await openStore(reader, apiserverFlags, links, clock)
  const server = createApiServer({
    ...options,
    store,
    clock,
    random,
    log,
    kinds: builtinKinds(),
    neighbours: [{ ...METRICS_API, handle: metricsOf(links) }],
    version: versionInfo(),
    openApiProse: releaseProse(),
  })
  const listener = createHttpListener({
    server,
    log,
    tls: {
      certificate: listen.certificate,
      key: listen.key,
      clientCa: listen.clientAuthority,
      frontProxyCa: listen.requestHeaderAuthority,
    },
  })
  const stop = async () => {
    links.apiserver = undefined
    await listener.close()
    await server.close()
    await store.close()
  }
  try {
    await server.start()
    await listener.listen(listen.port, listen.host)
  } catch (error) {
    await stop()
    throw error
  }
  links.apiserver = server
  return { stop }
}

/** The controllers measure, in this process; they may be started again while this server runs. */
function metricsOf(links: Links): ApiHandler {
  return async request =>
    links.metrics?.(request) ?? unavailable('the controllers, which gather metrics, do not run here')
}

function versionInfo(): VersionInfo {
  const [, major = '1', minor = '0'] = /^v(\d+)\.(\d+)/.exec(KUBERNETES_VERSION) ?? []
  return {
    major,
    minor,
    gitVersion: `${KUBERNETES_VERSION}+kubox-${VERSION}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '',
    goVersion: process.version,
    compiler: 'none',
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  }
}
