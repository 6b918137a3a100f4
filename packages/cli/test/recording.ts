import { readFileSync } from 'node:fs';
import type { EventEnvelope } from '@conductor/core/ports';

/**
 * The log of `conductor demo`, without large texts and names of a machine. Made anew by `conductor demo`, then
 * `conductor log <track> --json`, when the engine's events change.
 */
export function recordedEvents(): EventEnvelope[] {
  const text = readFileSync(new URL('recordings/quickstart.events.ndjson', import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EventEnvelope); // written by the engine
}
