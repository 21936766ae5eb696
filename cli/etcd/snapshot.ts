import type { Command } from 'commander'

export function snapshotCommand(parent: Command): void {
  void parent
}
