import { join } from 'node:path'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { extraKubectls, kubectl, kubectls } from '../peers/index.ts'
import { jenkinsByHand } from './transcript.ts'

jenkinsByHand('the thin line, from the sources, with every kubectl', [
  ...(await kubectls()),
  ...(await extraKubectls()),
])

const root = join(import.meta.dirname, '../..')
await runChecked(systemProcesses, process.execPath, [join(root, 'deploy/build.ts')])

const newest = { version: '1.36', path: await kubectl('1.36') }
jenkinsByHand('the thin line, from the release executable', [newest], { kubox: [join(root, 'build/kubox')] })
