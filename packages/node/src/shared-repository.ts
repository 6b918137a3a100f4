/**
 * The repository that an engine and its workers share: a remote of their clones, or its path or URL. What was asked for wins
 * over `CONDUCTOR_REPO`, and that over where the clone came from.
 */
export function sharedRepository(wanted?: string): string {
  return wanted ?? process.env['CONDUCTOR_REPO'] ?? 'origin';
}
