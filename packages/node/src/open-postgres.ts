import { ConductorError, defaultLimits } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Clock, Ids, Opt, Store } from '@conductor/core/ports';
import type { PgClient, PgClientOptions, PostgresArtifacts, PostgresUpkeep } from '@conductor/store/postgres';
import type postgres from 'postgres';
import { probePostgres } from './probe-postgres.js';
import type { PostgresPlace } from './probe-postgres.js';
import { sha256 } from './sha256.js';

export interface PostgresHost {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Limits;
  /** Loads the client; its package is optional. */
  readonly load?: (() => Promise<{ readonly default: typeof postgres }>) | undefined;
}

/** Unless `connect_timeout` of the address says something else. */
const connectTimeoutSeconds = 10;
const longestTimeoutSeconds = 3_600;

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
 * postgres.js knows (`sslmode`), `schema` for another schema than `conductor`, and `connect_timeout` for how many seconds to
 * wait for a server that does not answer (default 10); and the artifacts beside its log. On abort it rejects at once. Throws
 * CONFIG_INVALID, CAPABILITY_MISSING where the client is not installed, and what the driver throws; no message holds the password.
 */
export async function openPostgres(url: string, host: PostgresHost, { signal }: Opt = {}): Promise<OpenedPostgres> {
  const { clock, ids, limits, load = () => import('postgres') } = host;
  const { address, schema, places, server, timeoutSeconds } = parsed(url);
  const { default: client } = await loadClient(load);
  const { postgresArtifacts, postgresStore, postgresUpkeep } = await import('@conductor/store/postgres');
  const connect = (options: PgClientOptions): PgClient =>
    client(address, { ...options, connect_timeout: timeoutSeconds });
  const options = { connect, clock, ids, schema, storeBusyMs: limits.storeBusyMs };
  const probe = places === undefined ? undefined : (o: Opt) => probePostgres(places, o);
  const opening = { ...limitsOf(limits), server, probe, openTimeoutMs: timeoutSeconds * 1_000, signal };
  const store = await postgresStore({ ...options, ...opening });
  const artifacts = postgresArtifacts({ ...options, maxBytes: limits.artifactBytes, sha256 });
  const upkeep = postgresUpkeep(options);
  const close = async () => {
    await Promise.all([artifacts.close(), upkeep.close()]).finally(() => store.close());
  };
  return { store: Object.freeze({ ...store, close }), artifacts, upkeep, schema };
}

/** What the store takes of the limits. */
function limitsOf({ eventBytes, commitBytes, commitEvents, pageEvents, followPollMs }: Limits) {
  return {
    limits: { eventBytes, commitBytes, commitEvents, pageEvents },
    // The default is for drivers that cannot wake; here it would only ask five times as often for what NOTIFY tells.
    followPollMs: followPollMs === defaultLimits.followPollMs ? undefined : followPollMs,
  };
}

interface Address {
  /** As the client takes it. */
  readonly address: string;
  readonly schema: string;
  /** Where to ask for a first word; `undefined` where it would be misunderstood. */
  readonly places: readonly PostgresPlace[] | undefined;
  /** Host and port, for people. */
  readonly server: string;
  readonly timeoutSeconds: number;
}

/** The error of `new URL` holds the whole text, so it is nobody's cause; and of a text that is no URL, any part may be secret. */
function parsed(text: string): Address {
  const hosts = URL.canParse(text) ? unescaped(new URL(text).hostname) : '';
  if (hosts === '')
    throw new ConductorError('CONFIG_INVALID', 'The address of the store cannot be read', {
      hint: 'Write postgres://<user>:<password>@<host>/<database>; in a password, / is %2F, @ is %40 and # is %23.',
    });
  const url = new URL(text);
  const schema = url.searchParams.get('schema') ?? 'conductor';
  const timeoutSeconds = timeoutOf(url.searchParams.get('connect_timeout'));
  // Ours: the server would refuse the one, and the client takes the other as an option.
  for (const name of ['schema', 'connect_timeout']) url.searchParams.delete(name);
  const port = Number(url.port || process.env['PGPORT'] || 5432); // as the client has it
  // TLS from the first byte on is nothing that could be asked for.
  const isAskable = url.searchParams.get('sslnegotiation') !== 'direct';
  const places = isAskable ? hosts.split(',').map((host) => placeOf(host, port)) : undefined;
  return { address: url.href, schema, places, server: `${hosts}:${port}`, timeoutSeconds };
}

/** Empty for what cannot be read. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function placeOf(host: string, port: number): PostgresPlace {
  if (host.includes('/')) return { path: `${host}/.s.PGSQL.${port}` };
  return { host: host.replace(/^\[(.*)\]$/u, '$1'), port };
}

function timeoutOf(said: string | null): number {
  const seconds = said === null ? connectTimeoutSeconds : Number(said);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= longestTimeoutSeconds) return seconds;
  throw new ConductorError('CONFIG_INVALID', 'connect_timeout in the address of the store is no time', {
    hint: `Write whole seconds from 1 to ${longestTimeoutSeconds}, such as ?connect_timeout=${connectTimeoutSeconds}.`,
  });
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
