/** What we are, and the Kubernetes whose API we serve. */
export const VERSION = 'v0.1.0'
export const KUBERNETES_VERSION = 'v1.36.0'
