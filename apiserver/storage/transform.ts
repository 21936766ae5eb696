/** Between the store and the server: values are encrypted on their way in and decrypted on their way out. */
export interface Transformer {
  toStore(value: Uint8Array, key: string): Uint8Array
  fromStore(value: Uint8Array, key: string): Uint8Array
}

export const plainTransformer: Transformer = {
  toStore: value => value,
  fromStore: value => value,
}
