import type { Json, Opt } from './values.js';

/** A row written in the commit that logs its change (R28); `undefined` deletes, a tombstone keeps the revision. */
export interface RecordOp {
  /** 1 to 256 bytes. Collections whose name starts with `$` are local rows that need no event, and that no export carries. */
  readonly collection: string;
  /** 1 to 1,024 bytes without control characters. */
  readonly key: string;
  /** Number of writes of that key so far, deletions included; 0 = must not exist, or be deleted. */
  readonly expectedRevision: number | 'any';
  /** At most 8 MiB of JSON. */
  readonly value: Json | undefined;
}

/**
 * A question about a value, of at most 1,000 parts, 32 deep. `field` is a path of own members with dots between them. `=`, `!=` and
 * `in` (of a list) compare whole values as JSON; order compares numbers with numbers and texts with texts, by UTF-16 unit; `prefix` is
 * of texts. A field that is not there satisfies `!=` alone; `all` of nothing holds, `any` of nothing does not.
 */
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
  /** From 1: how often the key was written. */
  readonly revision: number;
  /** `null` of a tombstone. */
  readonly value: Json;
  readonly deleted: boolean;
  /** Of the last event of the commit that wrote it; without events where the log was then. */
  readonly seq: number;
}

/**
 * The read side; writes go through `Store.commit`. A collection needs no declaration, and one that nobody wrote to is empty. What
 * every method may throw beside: see `Store`.
 */
export interface Records {
  /**
   * Declares a collection: what is unique, and by what it is asked for, as lists of fields as in {@link Predicate}. The same again has
   * no effect; a higher `version` (from 1) replaces the terms and checks all rows anew, O(rows), or changes nothing and throws
   * `UNIQUE_VIOLATION`. A row that lacks one of the fields, or has `null` there, is bound by no rule. `indexes` are a hint.
   * `STORE_NEWER` for a lower version than is there; `VALIDATION_FAILED` for other terms in the same one; `ID_INVALID`.
   */
  define(
    collection: string,
    o: {
      readonly version: number;
      readonly indexes: readonly (readonly string[])[];
      readonly unique?: readonly (readonly string[])[];
    },
  ): Promise<void>;
  /** A tombstone is answered as one; `undefined` when the key was never written. O(log rows). */
  get(collection: string, key: string, o?: Opt): Promise<Row | undefined>;
  /**
   * A page by code point of the keys: those behind `after` that begin with `prefix` and satisfy `where`, which the driver evaluates
   * before it fills the page. `limit`: default 100. `deleted`: tombstones too, which satisfy no `where`. `next` is the `after` of
   * the next page, absent on the last one. O(rows looked at). `VALIDATION_FAILED`.
   */
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
