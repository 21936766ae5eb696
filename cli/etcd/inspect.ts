import type { Command } from 'commander'

export function inspectCommand(parent: Command): void {
  void parent
}
