import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { raceAbort } from '@conductor/core';
import type { Opt } from '@conductor/core/ports';

/** Where a Postgres listens: a host and its port, or the path of a socket. */
export type PostgresPlace = { readonly host: string; readonly port: number } | { readonly path: string };

/** "SSLRequest" of the protocol: every server, and every pooler, answers it with one byte, also while it starts. */
const sslRequest = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);

/**
 * Resolves when something that speaks the protocol of Postgres answers at one of the places, tried in their order. The client
 * cannot be asked that: a connection that is closed before a word is said (by a proxy without its server) it makes again at
 * once, for ever, and one under way it does not give up. Throws the error of the last place; on abort at once, with the reason.
 */
export async function probePostgres(places: readonly PostgresPlace[], { signal }: Opt = {}): Promise<void> {
  let last: unknown;
  for (const place of places) {
    signal?.throwIfAborted();
    const socket = connect(place);
    socket.write(sslRequest);
    try {
      return await raceAbort(firstWord(socket), signal);
    } catch (error) {
      signal?.throwIfAborted();
      last = error;
    } finally {
      socket.destroy();
    }
  }
  throw last;
}

function firstWord(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.on('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('it hangs up without a word'), { code: 'ECONNRESET' })));
  });
}
