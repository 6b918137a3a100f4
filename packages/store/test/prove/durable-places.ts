import { afterAll } from 'vitest';
import { temporaryFolder } from '../open-database.js';
import type { PostgresServer } from '../postgres-server.js';
import type { DriverName, Place } from './places.js';

export interface DurablePlaces {
  /** A place for a store of its own; letters, digits and `_`. */
  placeOf(name: string): Place;
  /** The server behind it, where there is one. */
  readonly server?: PostgresServer;
}

/** The drivers that outlive their process, by name; Postgres where this machine can run one. */
export function durablePlaces(server: PostgresServer | undefined): readonly (readonly [DriverName, DurablePlaces])[] {
  const folder = temporaryFolder();
  afterAll(folder.remove);
  const inFolder = (driver: 'sqlite' | 'file'): readonly [DriverName, DurablePlaces] => [
    driver,
    { placeOf: (name) => ({ driver, folder: folder.file(`${driver}-${name}`) }) },
  ];
  const places = [inFolder('sqlite'), inFolder('file')];
  if (server === undefined) return places;
  const placeOf = (schema: string): Place => ({ driver: 'postgres', url: server.url, schema });
  return [...places, ['postgres', { server, placeOf }]];
}
