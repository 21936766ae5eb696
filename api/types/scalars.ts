/** Amounts of a resource: `100m`, `1Gi`, `2`. The server writes strings; people write numbers too. */
export type Quantity = string | number

/** A port by number or name, an amount or a percentage. */
export type IntOrString = number | string
