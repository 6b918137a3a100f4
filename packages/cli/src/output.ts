import { ConductorError, toConductorError } from '@conductor/core';
import type { Writable } from 'node:stream';

const schemaVersion = 1;

/** Where answers go. stdout carries the answer, stderr prose and progress. */
export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** The answer of a command: one JSON document with `--json`, else the text. */
  result(fields: Readonly<Record<string, unknown>>, text: string): void;
  /** The last line of a streaming command: `kind: result` with `--json`. */
  end(fields: Readonly<Record<string, unknown>>, text: string): void;
  /** A line of a streaming command: NDJSON with `--json`. */
  line(kind: 'event' | 'status', fields: Readonly<Record<string, unknown>>, text: string): void;
  /** Bytes on stdout, with `--json` too: what they are is the answer. Resolves when they are handed on. */
  bytes(bytes: Uint8Array): Promise<void>;
  /** Prose on stderr; nothing with `--quiet`. */
  note(text: string): void;
  /** Hands prose to somebody who draws on the same terminal, until it is called without. */
  divertNotes(to?: (text: string) => void): void;
  error(error: unknown, streaming: boolean): void;
  /** The same as prose on stderr, with `--json` and `--quiet` too: what is no answer, or cannot be told as one. */
  aside(word: 'error' | 'warning', error: unknown): void;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly stdout: Pick<Writable, 'write'>;
  readonly stderr: Pick<Writable, 'write'>;
}

export function createOutput({ json, quiet, stdout, stderr }: OutputOptions): Output {
  const document = (fields: object) => stdout.write(`${JSON.stringify({ schemaVersion, ...fields })}\n`);
  const prose = (text: string) => void (text !== '' && stdout.write(`${text}\n`));
  const toStderr = (text: string): void => {
    stderr.write(`${text}\n`);
  };
  let say = toStderr;
  return {
    json,
    quiet,
    result: (fields, text) => void (json ? document(fields) : prose(text)),
    end: (fields, text) => void (json ? document({ kind: 'result', ...fields }) : prose(text)),
    line: (kind, fields, text) => void (json ? document({ kind, ...fields }) : prose(text)),
    bytes: (bytes) =>
      new Promise((resolve, reject) => {
        stdout.write(bytes, (error?: Error | null) => (error ? reject(error) : resolve()));
      }),
    note: (text) => void (quiet || say(text)),
    divertNotes: (to = toStderr) => void (say = to),
    error(thrown, streaming) {
      const error = toConductorError(thrown);
      if (!json) return toStderr(proseOf('error', error));
      const { code, message, hint, details, retryable } = error;
      document({
        ...(streaming && { kind: 'error' }),
        error: { code, message, ...(hint !== undefined && { hint }), details, retryable },
      });
    },
    aside: (word, thrown) => say(proseOf(word, toConductorError(thrown))),
  };
}

function proseOf(word: string, { code, message, hint, details }: ConductorError): string {
  return `${word} ${code}: ${message}${hint === undefined ? '' : `\nhint: ${spelt(hint, details)}`}`;
}

/** People see no `details`: what a hint refers to there is said in its place. */
function spelt(hint: string, { allowed }: Readonly<Record<string, unknown>>): string {
  if (!hint.startsWith('See `details.allowed`') || !Array.isArray(allowed) || allowed.length === 0) return hint;
  return `Possible where it is ${allowed.join(' or ')}.`;
}

/** A usage error: what is missing, and the full command to type. */
export function usage(message: string, hint: string): ConductorError {
  return new ConductorError('USAGE', message, { hint });
}
