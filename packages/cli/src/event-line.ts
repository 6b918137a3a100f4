import type { EventEnvelope, Json } from '@conductor/core/ports';
import { plain } from './table.js';

const width = 80;

/** An event on one line of at most 80 columns: number, time, type, and what it is about. */
export function eventLine({ seq, at, type, data }: EventEnvelope): string {
  const line = `${String(seq).padStart(5)}  ${at.slice(11, 19)}  ${type.padEnd(20)} ${about(data)}`.trimEnd();
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

const telling = ['taskId', 'step', 'evaluator', 'director', 'verdict', 'rule', 'reason', 'message', 'summary', 'text', 'name', 'trackId', 'boardId'] as const;

/** The fields that tell most, in a fixed order; texts stay on their line. */
function about(data: Json): string {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return '';
  const record = data as Readonly<Record<string, Json>>; // an object that is no list
  return telling
    .map((key) => record[key])
    .filter((value): value is string | number => typeof value === 'string' || typeof value === 'number')
    .map((value) => plain(String(value)))
    .slice(0, 4)
    .join('  ');
}
