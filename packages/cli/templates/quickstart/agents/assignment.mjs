import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';

/** What the engine hands to a command: one JSON document, by the path in CONDUCTOR_ASSIGNMENT. */
export const assignment = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));

/** The last line that is a JSON object is the answer. */
export function answer(value) {
  console.log(JSON.stringify(value));
}

/** A trace outside the engine's store: who started what, when. Tests read it after a kill. */
export function trace(text) {
  mkdirSync('.demo', { recursive: true });
  appendFileSync('.demo/side-effects.log', `${text}\n`);
}
