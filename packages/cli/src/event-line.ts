import type { EventEnvelope } from '@conductor/core/ports';
import { eventData } from './event-data.js';
import { cut, plain } from './plain-text.js';

const width = 80;

/** An event on one line of at most 80 columns: number, time, type, and what it is about. */
export function eventLine({ seq, at, type, data }: EventEnvelope): string {
  const facts = eventData(data);
  const about = telling.map((name) => facts.text(name)).filter((text) => text !== '');
  const head = `${String(seq).padStart(5)}  ${plain(at).slice(11, 19)}  ${plain(type).padEnd(20)}`;
  return cut(`${head} ${about.slice(0, 4).map(plain).join('  ')}`.trimEnd(), width);
}

/** The fields that tell most, in a fixed order; texts stay on their line. */
const telling = [
  'taskId',
  'step',
  'evaluator',
  'director',
  'verdict',
  'rule',
  'reason',
  'message',
  'summary',
  'text',
  'name',
  'trackId',
  'boardId',
] as const;
