// The store's keys are bytes. On the wire side a key is a string with one character a byte; the API server's keys are text,
// and nearly always ASCII, where both are the same.

const ASCII = /^[\0-\x7f]*$/

export function toWireKey(key: string): string {
  return ASCII.test(key) ? key : Buffer.from(key, 'utf8').toString('latin1')
}

export function fromWireKey(key: string): string {
  return ASCII.test(key) ? key : Buffer.from(key, 'latin1').toString('utf8')
}
