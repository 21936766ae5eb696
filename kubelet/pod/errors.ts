/** Why a container cannot be started, with the reason that `kubectl get pods` shows and the event that tells of it. */
export class StartError extends Error {
  override name = 'StartError'
  readonly reason: string
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Something that the pod refers to is missing or contradicts itself. */
export class ConfigError extends StartError {
  override name = 'ConfigError'
  constructor(message: string) {
    super('CreateContainerConfigError', message)
  }
}
