export const POINTERS: Readonly<Record<string, readonly string[]>> = {}
