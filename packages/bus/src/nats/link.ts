import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import type { NatsConnection } from '@nats-io/transport-node';

/** A connection, and whether it stands: what is sent while it does not is lost or late, so nothing is sent then. */
export interface NatsLink {
  readonly connection: NatsConnection;
  readonly connected: boolean;
  /** For how long it has been lost; 0 while it stands. */
  downMs(): number;
  /** Resolves at once while the connection stands, else when it stands again; rejects when it is over for good. */
  whenConnected(): Promise<void>;
  /** Called at each change, in the order of subscribing; answers how to stop that. */
  onChange(listener: (state: LinkState) => void): () => void;
}

export type LinkState = 'up' | 'down' | 'over';

/** Watches a connection until it is closed. */
export function createLink(connection: NatsConnection, clock: Clock): NatsLink {
  const listeners = new Set<(state: LinkState) => void>();
  let state: LinkState = connection.isClosed() ? 'over' : 'up';
  let downSinceMs = clock.monotonic();
  const change = (next: LinkState) => {
    if (state === next || state === 'over') return;
    state = next;
    if (next === 'down') downSinceMs = clock.monotonic();
    for (const listener of [...listeners]) listener(next);
  };
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') change('down');
      if (type === 'reconnect') change('up');
    }
  })();
  void connection.closed().then(() => change('over'));
  const onChange = (listener: (state: LinkState) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    connection,
    get connected() {
      return state === 'up';
    },
    downMs: () => (state === 'up' ? 0 : clock.monotonic() - downSinceMs),
    async whenConnected() {
      if (state === 'down')
        await new Promise<void>((resolve) => {
          const stop = onChange((next) => {
            if (next === 'down') return;
            stop();
            resolve();
          });
        });
      if (state === 'over') throw linkOver();
    },
    onChange,
  };
}

/** What those hear who still wait when the connection ends for good. */
export function linkOver(): ConductorError {
  return new ConductorError('BUS_FAILED', 'The connection to the NATS server is over');
}

/** Whatever the client or the server says, as the one code that callers of a bus know. */
export function natsFailed(what: string, cause: unknown): ConductorError {
  if (ConductorError.is(cause)) return cause;
  return new ConductorError('BUS_FAILED', `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: 'Check that the NATS server runs with JetStream and can be reached; the log has lost nothing.',
    cause,
  });
}
