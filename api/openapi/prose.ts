/**
 * The sentences that describe definitions and their fields. They come from outside (a file of the release, see
 * generate/prose.ts) and may be missing: then everything works, only `kubectl explain` has less to say.
 */
export interface Prose {
  ofDefinition(name: string): string | undefined
  ofField(definition: string, field: string): string | undefined
}

export const NO_PROSE: Prose = { ofDefinition: () => undefined, ofField: () => undefined }

/** By definition: its own sentence under '', those of its fields under their names. */
export type ProseFile = Readonly<Record<string, Readonly<Record<string, string>>>>

export function proseFrom(file: ProseFile): Prose {
  const sentence = (definition: string, field: string): string | undefined => {
    const known = Object.hasOwn(file, definition) ? file[definition]! : undefined
    return known && Object.hasOwn(known, field) ? known[field] : undefined
  }
  return { ofDefinition: name => sentence(name, ''), ofField: sentence }
}
