import type { SqlDatabase } from './database.js';

/**
 * How many pages (4 KiB) the write-ahead log takes before SQLite moves it into the database and writes it anew from its
 * beginning. While the file grows, a commit takes nearly twice as long as when it is written anew, since an fsync then has
 * more to write than its pages. So the log is kept short, except while many commit at once: they share their fsync, and
 * what costs them is the moving, of pages that each of their indexes changes again and again.
 */
const pages = { few: 1_000, many: 4_000 } as const;

/** From how many writers in one transaction on they are many. */
const manyWriters = 12;

/** Answers what is to be called before each transaction, with its number of writers. */
export function checkpointPace(database: SqlDatabase): (writers: number) => void {
  let current: number | undefined;
  return (writers) => {
    const wanted = writers >= manyWriters ? pages.many : pages.few;
    if (wanted !== current) database.exec(`PRAGMA wal_autocheckpoint = ${wanted}`);
    current = wanted;
  };
}
