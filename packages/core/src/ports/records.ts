import type { Json, Opt } from './values.js';

/** A row written in the commit that logs its change (R28); `undefined` deletes, a tombstone keeps the revision. */
export interface RecordOp {
  /** Collections whose name starts with `$` are local rows that need no event. */
  readonly collection: string;
  readonly key: string;
  /** Number of writes of that key so far, deletions included; 0 = must not exist. */
  readonly expectedRevision: number | 'any';
  readonly value: Json | undefined;
}

export type Predicate =
  | { readonly all: readonly Predicate[] }
  | { readonly any: readonly Predicate[] }
  | { readonly not: Predicate }
  | {
      readonly field: string;
      readonly is: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'prefix';
      readonly value: Json;
    };

export interface Row {
  readonly key: string;
  readonly revision: number;
  readonly value: Json;
  readonly deleted: boolean;
  readonly seq: number;
}

/** The read side; writes go through `Store.commit`. `where` is evaluated by the driver, before paging. */
export interface Records {
  define(
    collection: string,
    o: {
      readonly version: number;
      readonly indexes: readonly (readonly string[])[];
      readonly unique?: readonly (readonly string[])[];
    },
  ): Promise<void>;
  get(collection: string, key: string, o?: Opt): Promise<Row | undefined>;
  list(
    collection: string,
    o?: Opt & {
      readonly prefix?: string;
      readonly where?: Predicate;
      readonly after?: string;
      readonly limit?: number;
      readonly deleted?: boolean;
    },
  ): Promise<{ readonly rows: readonly Row[]; readonly next?: string }>;
}
