import { quantityMilli, quantityNumber } from '../api/quantity.ts'
import type { Quantity } from '../api/types/scalars.ts'

/** An amount in plain units: bytes, cores, pieces; undefined for what is not said. */
export function amountOf(quantity: Quantity | undefined): number | undefined {
  return quantity === undefined ? undefined : quantityNumber(quantity)
}

/** Thousandths, rounded up, as CPU is counted. */
export function milliOf(quantity: Quantity | undefined): number | undefined {
  return quantity === undefined ? undefined : quantityMilli(quantity)
}
