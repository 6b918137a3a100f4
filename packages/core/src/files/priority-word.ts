import { priorities } from '../track/model.js';
import type { Priority } from '../track/model.js';

/** Words met in real files. */
const words: Readonly<Record<string, Priority>> = {
  critical: 'P0',
  urgent: 'P0',
  blocker: 'P0',
  high: 'P1',
  medium: 'P2',
  normal: 'P2',
  low: 'P3',
  lowest: 'P3',
};

/** A priority in the spelling of any tool (`p1`, `High`), or undefined for what is none. */
export function readPriority(text: string): Priority | undefined {
  const word = text.trim();
  const own = priorities.find((priority) => priority === word.toUpperCase());
  const name = word.toLowerCase();
  return own ?? (Object.hasOwn(words, name) ? words[name] : undefined);
}
