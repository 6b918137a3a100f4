import type { SqlText } from './sql-text.js';

/** What is used of a row: a column is text, a number, a truth value or nothing. Big numbers come as text. */
export type PgRow = Readonly<Record<string, string | number | boolean | null>>;

/** One connection or a pool of them, as postgres.js gives it. */
interface Unsafe {
  /** Sends one message of several statements; without values postgres.js uses the simple protocol. */
  unsafe(text: string): PromiseLike<unknown>;
}

/** A connection that nobody else uses until it is released. */
export interface PgReserved extends Unsafe {
  release(): void;
}

/** The part of a client of postgres.js 3.4 that the store uses. */
export interface PgClient extends Unsafe {
  reserve(): PromiseLike<PgReserved>;
  /** `onlisten` is called each time the connection that listens is there, again after it was lost. */
  listen(
    channel: string,
    onnotify: (payload: string) => void,
    onlisten?: () => void,
  ): PromiseLike<{ unlisten(): PromiseLike<unknown> }>;
}

/**
 * Runs statements in one message, hence in one round trip and, without BEGIN, in one transaction. Answers the rows of the
 * `count` statements that have rows, which must be the last ones.
 */
export async function run(
  connection: Unsafe,
  statements: readonly SqlText[],
  count: number,
): Promise<readonly (readonly PgRow[])[]> {
  const answer = await connection.unsafe(statements.map(({ text }) => text).join(';\n'));
  // postgres.js: one result is an array of rows with a `command`, several are an array of those.
  const results = (isOneResult(answer) ? [answer] : answer) as readonly (readonly PgRow[])[];
  return count === 0 ? [] : results.slice(-count);
}

function isOneResult(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'command' in answer;
}
