interface Dated {
  type: string
  status: string
  lastTransitionTime?: string
}

/** The time of a condition is when its status last changed: news of its reason alone keep it. */
export function transitionTime(
  known: readonly Dated[] | undefined,
  { type, status }: Pick<Dated, 'type' | 'status'>,
  time: string,
): string {
  const old = known?.find(condition => condition.type === type)
  return (old?.status === status && old.lastTransitionTime) || time
}
