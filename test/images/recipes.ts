/** One layer of files; a layer is built once and shared by the images that name it. */
export type LayerName = 'base' | 'perl' | 'curl' | 'programs' | 'registry'

export interface Recipe {
  /** Lowest first. */
  layers: readonly LayerName[]
  /** Further names of the very same image. */
  aliases?: readonly string[]
  command: readonly string[]
  env?: readonly string[]
  ports?: readonly number[]
  volumes?: readonly string[]
}

const PROGRAMS = ['base', 'perl', 'programs'] as const

/** Every image by name. Names that learners know stand for images of the same behaviour, so that their manifests run as they are. */
export const RECIPES = {
  busybox: { layers: ['base'], aliases: ['k8s.gcr.io/busybox', 'registry.k8s.io/busybox'], command: ['sh'] },
  web: { layers: PROGRAMS, command: ['server'], ports: [8080] },
  nginx: { layers: PROGRAMS, command: ['server', '--port', '80'], ports: [80] },
  'jimbae/http_go': { layers: PROGRAMS, command: ['server'], ports: [8080] },
  'k8s.gcr.io/liveness': {
    layers: PROGRAMS,
    aliases: ['registry.k8s.io/liveness'],
    command: ['server'],
    env: ['HEALTHY=10'],
    ports: [8080],
  },
  'dirty-memory': { layers: PROGRAMS, command: ['dirty-memory', '64'] },
  'ignore-term': { layers: PROGRAMS, command: ['ignore-term'] },
  'exit-after': { layers: PROGRAMS, command: ['exit-after', '0', '0'] },
  'jenkins:2.60.3': {
    layers: ['base', 'perl', 'curl', 'programs'],
    command: ['jenkins'],
    env: ['JENKINS_HOME=/var/jenkins_home'],
    ports: [8080, 50000],
    volumes: ['/var/jenkins_home'],
  },
  registry: {
    layers: ['base', 'perl', 'registry'],
    command: ['docker-registry', 'serve', '/etc/registry.yml'],
    ports: [80],
    volumes: ['/var/lib/registry'],
  },
} as const satisfies Record<string, Recipe>

export type ImageName = keyof typeof RECIPES

export const IMAGE_NAMES = Object.keys(RECIPES) as ImageName[]

/** All names of an image with their tags, as a Docker Engine lists them. */
export function referencesOf(name: ImageName): string[] {
  const recipe: Recipe = RECIPES[name]
  return [name, ...(recipe.aliases ?? [])].map(withTag)
}

function withTag(reference: string): string {
  return /:[^/]+$/.test(reference) ? reference : `${reference}:latest`
}

/** The configuration of an image as Docker and OCI define it; equal recipes and layers give equal bytes. */
export function imageConfig(name: ImageName, diffIds: readonly string[], architecture: string): string {
  const recipe: Recipe = RECIPES[name]
  const none = (values: readonly (string | number)[] = []) => Object.fromEntries(values.map(value => [value, {}]))
  return JSON.stringify({
    architecture,
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(recipe.env ?? [])],
      Cmd: recipe.command,
      ExposedPorts: none(recipe.ports?.map(port => `${port}/tcp`)),
      Volumes: none(recipe.volumes),
      Labels: { 'kubox.test/image': name },
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: recipe.layers.map(layer => ({ created: '2026-01-01T00:00:00Z', created_by: `kubox test layer ${layer}` })),
  })
}
