import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kubectl } from '../peers/index.ts'
import { machine } from './docker.ts'
import { CHECKOUT, engineConfiguration, type VmPlan } from './plan.ts'

export const CHECKOUT_HERE = fileURLToPath(new URL('../../', import.meta.url))
const VM_INIT = fileURLToPath(new URL('./guest/vm-init', import.meta.url))

/** Where a VM sees a file of this checkout. */
export function insideVm(path: string): string {
  if (!path.startsWith(CHECKOUT_HERE)) throw new Error(`a VM sees only files of the checkout, not ${path}`)
  return join(CHECKOUT, path.slice(CHECKOUT_HERE.length))
}

/** What a VM has on its disk beyond the base image, as a tar. */
export async function personalFiles(vm: VmPlan, registry: string): Promise<Buffer> {
  const root = await fs.mkdtemp(join(tmpdir(), 'kubox-lab-'))
  const place = async (path: string) => {
    await fs.mkdir(dirname(join(root, path)), { recursive: true })
    return join(root, path)
  }
  try {
    await fs.copyFile(VM_INIT, await place('usr/sbin/vm-init'))
    await fs.writeFile(await place('etc/lab/product_uuid'), `${vm.productUuid}\n`)
    await fs.writeFile(await place('etc/docker/daemon.json'), engineConfiguration(registry))
    await fs.symlink(insideVm(await kubectl('1.32')), await place('usr/local/bin/kubectl'))
    // Only the files: a folder in the archive would bring its mode and owner along.
    await machine('sh', ['-c', 'find . -type f -o -type l | tar --owner=0 --group=0 -cf personal.tar -T -'], {
      cwd: root,
    })
    return await fs.readFile(join(root, 'personal.tar'))
  } finally {
    await fs.rm(root, { recursive: true })
  }
}
