/** The version of etcd whose behaviour this store has, told to clients that ask. */
export const VERSION = { server: '3.5.30', cluster: '3.5.0', storage: '3.5.0' } as const
