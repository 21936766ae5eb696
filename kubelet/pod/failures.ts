import type { Tell } from '../image/images.ts'
import type { Failure } from './memory.ts'
import type { Action } from './plan.ts'

/** Tells of a step that failed, in Kubernetes' words; a pull that failed again is a back-off from then on. */
export function tellFailure(tell: Tell, action: Action, failure: Failure): void {
  const { message } = failure
  if (failure.reason === 'ErrImagePull') tellPull(tell, failure)
  else if (action.do === 'start') tell('Warning', 'Failed', `Error: ${message}`)
  else if (action.do === 'create sandbox') {
    tell('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`)
  } else if (action.do === 'prepare') tell('Warning', 'FailedMount', message)
  else if (action.do === 'resize') tell('Warning', 'ResizeError', message)
  else if (action.do === 'stop') tell('Warning', 'FailedKillPod', `error killing pod: ${message}`)
}

function tellPull(tell: Tell, failure: Failure): void {
  tell('Warning', 'Failed', 'Error: ErrImagePull')
  if (failure.count < 2) return
  const image = imageOf(failure.message)
  failure.message = `Back-off pulling image${image}: ErrImagePull: ${failure.message}`
  failure.reason = 'ImagePullBackOff'
  const seconds = Math.round(failure.pauseMs / 1000)
  tell('Normal', 'BackOff', `Back-off pulling image${image}, next try in ${seconds} s`)
  tell('Warning', 'Failed', 'Error: ImagePullBackOff')
}

function imageOf(message: string): string {
  const match = /image "([^"]+)"/.exec(message)
  return match ? ` "${match[1]}"` : ''
}
