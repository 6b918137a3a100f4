import type { SqlText } from './sql-text.js';

/** A row as it comes: big numbers are text. */
export type PgRow = Readonly<Record<string, string | number | boolean | null>>;

/** The part of a client of postgres.js 3.4 that the store uses. */
export interface PgClient {
  /** Sends one message of several statements; without values postgres.js uses the simple protocol. */
  unsafe(text: string): PromiseLike<unknown>;
  /** `onlisten` is called each time the connection that listens is there, again after it was lost. */
  listen(
    channel: string,
    onnotify: (payload: string) => void,
    onlisten?: () => void,
  ): PromiseLike<{ unlisten(): PromiseLike<unknown> }>;
  /** `timeout` in seconds: what was lost with its connection is not waited for any longer. */
  end(o: { readonly timeout: number }): PromiseLike<unknown>;
}

/** What the store asks of its clients; to be handed on to postgres.js together with the host's own options. */
export interface PgClientOptions {
  readonly max: number;
  /** The store reads its columns itself; a connection that is lost while its types are fetched would end the process. */
  readonly fetch_types: false;
  readonly max_lifetime: null;
  /** Seconds before another try to connect. */
  readonly backoff: (attempt: number) => number;
  readonly onnotice: () => void;
  /** Settings of the session. */
  readonly connection: {
    readonly application_name: string;
    readonly statement_timeout: number;
    readonly idle_in_transaction_session_timeout: number;
  };
}

/** A transaction takes milliseconds; one that was lost must not keep the lock from the others for longer than this. */
const idleInTransactionMs = 10_000;
/** Seconds, for a server that is there again at once or after some time. */
const backoff = (attempt: number) => Math.min(0.05 * 2 ** attempt, 1);

/** The options of a client with so many connections. */
export function clientOptions(max: number, statementTimeoutMs = 60_000): PgClientOptions {
  return {
    max,
    fetch_types: false,
    max_lifetime: null,
    backoff,
    onnotice: () => undefined,
    connection: {
      application_name: 'conductor',
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionMs,
    },
  };
}

/**
 * postgres.js sends a message of this length at once, and a shorter one at the end of the turn. When its connection closes in
 * between, it keeps that one for the next connection, in front of the greeting, and hangs there for good.
 */
const sentAtOnce = 1_024;

/**
 * Runs statements in one message, hence in one round trip and, without BEGIN, in one transaction. Answers the rows of the
 * last `count` statements that have rows.
 */
export async function run(
  client: PgClient,
  statements: readonly SqlText[],
  count: number,
): Promise<readonly (readonly PgRow[])[]> {
  const text = statements.map((statement) => statement.text).join(';\n');
  const answer = await client.unsafe(text.padEnd(sentAtOnce));
  // postgres.js: one result is an array of rows with a `command`, several are an array of those.
  const results = (isOneResult(answer) ? [answer] : answer) as readonly (readonly PgRow[])[];
  return count === 0 ? [] : results.slice(-count);
}

function isOneResult(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'command' in answer;
}
