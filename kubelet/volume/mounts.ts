import * as fs from 'node:fs/promises'

/** Mount points at and below a path, the innermost first. */
export async function mountsUnder(path: string): Promise<string[]> {
  const lines = (await fs.readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  const points = lines.map(line => (line.split(' ')[4] ?? '').replace(/\\040/g, ' '))
  return points.filter(point => point === path || point.startsWith(`${path}/`)).reverse()
}
