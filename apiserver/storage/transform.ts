/** Between the store and the server: values are encrypted on their way in and decrypted on their way out. */
export interface Transformer {
  toStore(value: Uint8Array, key: string): Uint8Array
  fromStore(value: Uint8Array, key: string): Uint8Array
  /** By what a stored value is sealed, and by what one would be now: where they differ it is written again. */
  sealOf(value: Uint8Array): string
  sealFor(key: string): string
}

export const plainTransformer: Transformer = {
  toStore: value => value,
  fromStore: value => value,
  sealOf: () => '',
  sealFor: () => '',
}
