import { ConductorError } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Clock, Ids, Store } from '@conductor/core/ports';
import type postgres from 'postgres';

export interface PostgresHost {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Limits;
  /** Loads the client; its package is optional. */
  readonly load?: (() => Promise<{ readonly default: typeof postgres }>) | undefined;
}

const connectTimeoutSeconds = 10;

/**
 * Opens the store in a Postgres database: `postgres://<user>:<password>@<host>:<port>/<database>`, with the parameters that
 * postgres.js knows (`sslmode`), and `schema` for another schema than `conductor`. Throws CONFIG_INVALID, CAPABILITY_MISSING
 * where the client is not installed, and what the driver throws; no message holds the password.
 */
export async function openPostgres(url: string, { clock, ids, limits, load }: PostgresHost): Promise<Store> {
  const { address, schema } = parsed(url);
  const { default: connect } = await loadClient(load ?? (() => import('postgres')));
  const { postgresStore } = await import('@conductor/store/postgres');
  return postgresStore({
    connect: (options) => connect(address, { ...options, connect_timeout: connectTimeoutSeconds }),
    clock,
    ids,
    ...(schema !== null && { schema }),
    storeBusyMs: limits.storeBusyMs,
  });
}

/** The error of `new URL` holds the whole text, so it is nobody's cause; and of a text that is no URL, any part may be secret. */
function parsed(text: string): { readonly address: string; readonly schema: string | null } {
  if (!URL.canParse(text) || new URL(text).hostname === '')
    throw new ConductorError('CONFIG_INVALID', 'The address of the store cannot be read', {
      hint: 'Write postgres://<user>:<password>@<host>/<database>; in a password, / is %2F, @ is %40 and # is %23.',
    });
  const url = new URL(text);
  const schema = url.searchParams.get('schema');
  url.searchParams.delete('schema'); // ours: the server would refuse it
  return { address: url.href, schema };
}

async function loadClient(load: NonNullable<PostgresHost['load']>) {
  try {
    return await load();
  } catch (cause) {
    throw new ConductorError('CAPABILITY_MISSING', 'The client of Postgres is not installed', {
      hint: 'Install the package postgres (npm install postgres), or use the store sqlite.',
      cause,
    });
  }
}
