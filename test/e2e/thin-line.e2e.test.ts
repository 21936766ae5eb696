import { join } from 'node:path'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { extraKubectls, kubectl, kubectls } from '../peers/index.ts'
import { jenkinsByHand } from './transcript.ts'

const EXTRA = ['1.27', '1.31', '1.33']
const versions = [...(await kubectls()), ...(await extraKubectls()).filter(({ version }) => EXTRA.includes(version))]
jenkinsByHand('the thin line, from the sources', versions)

const root = join(import.meta.dirname, '../..')
await runChecked(systemProcesses, process.execPath, [join(root, 'deploy/build.ts')])

const newest = { version: '1.36', path: await kubectl('1.36') }
jenkinsByHand('the thin line, from the release executable', [newest], { kubox: [join(root, 'build/kubox')] })
