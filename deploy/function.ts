/** A bundle as a function of what node hands to a module. */
export function asFunction(bundle: string): string {
  return `(function(exports,require,module,__filename,__dirname){${bundle}\n})`
}
