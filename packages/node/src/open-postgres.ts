import { ConductorError } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Clock, Ids, Store } from '@conductor/core/ports';
import type { PgClient, PgClientOptions, PostgresArtifacts, PostgresUpkeep } from '@conductor/store/postgres';
import type postgres from 'postgres';
import { sha256 } from './sha256.js';

export interface PostgresHost {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Limits;
  /** Loads the client; its package is optional. */
  readonly load?: (() => Promise<{ readonly default: typeof postgres }>) | undefined;
}

const connectTimeoutSeconds = 10;

export interface OpenedPostgres {
  /** Closing it closes the others as well. */
  readonly store: Store;
  /** They connect when they are first asked for, as does the upkeep. */
  readonly artifacts: PostgresArtifacts;
  readonly upkeep: PostgresUpkeep;
  readonly schema: string;
}

/**
 * Opens the store in a Postgres database: `postgres://<user>:<password>@<host>:<port>/<database>`, with the parameters that
 * postgres.js knows (`sslmode`), and `schema` for another schema than `conductor`; and the artifacts beside its log. Throws
 * CONFIG_INVALID, CAPABILITY_MISSING where the client is not installed, and what the driver throws; no message holds the password.
 */
export async function openPostgres(url: string, { clock, ids, limits, load }: PostgresHost): Promise<OpenedPostgres> {
  const { address, schema } = parsed(url);
  const { default: client } = await loadClient(load ?? (() => import('postgres')));
  const { postgresArtifacts, postgresStore, postgresUpkeep } = await import('@conductor/store/postgres');
  const connect = (options: PgClientOptions): PgClient =>
    client(address, { ...options, connect_timeout: connectTimeoutSeconds });
  const options = { connect, clock, ids, schema, storeBusyMs: limits.storeBusyMs };
  const store = await postgresStore(options);
  const artifacts = postgresArtifacts({ ...options, maxBytes: limits.artifactBytes, sha256 });
  const upkeep = postgresUpkeep(options);
  const close = async () => {
    await Promise.all([artifacts.close(), upkeep.close()]).finally(() => store.close());
  };
  return { store: Object.freeze({ ...store, close }), artifacts, upkeep, schema };
}

/** The error of `new URL` holds the whole text, so it is nobody's cause; and of a text that is no URL, any part may be secret. */
function parsed(text: string): { readonly address: string; readonly schema: string } {
  if (!URL.canParse(text) || new URL(text).hostname === '')
    throw new ConductorError('CONFIG_INVALID', 'The address of the store cannot be read', {
      hint: 'Write postgres://<user>:<password>@<host>/<database>; in a password, / is %2F, @ is %40 and # is %23.',
    });
  const url = new URL(text);
  const schema = url.searchParams.get('schema') ?? 'conductor';
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
