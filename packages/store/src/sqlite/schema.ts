/**
 * Step 1. Columns of `events` as ruled in R24; `data` stands last, so that filters on stream and type do not read it.
 * Texts compare byte by byte (BINARY), which is the order of code points.
 */
export const firstSchema = `
PRAGMA application_id = 1131376228;

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('token', 0), ('waiter', 0);

CREATE TABLE commits (
  "commit" INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  org TEXT,
  workspace TEXT,
  correlation TEXT NOT NULL,
  causation TEXT,
  "key" TEXT,
  digest TEXT,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX commits_by_key ON commits ("key") WHERE "key" IS NOT NULL;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  v INTEGER NOT NULL,
  "commit" INTEGER NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (stream, version)
) STRICT;
CREATE TABLE streams (stream TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE owners (owner TEXT PRIMARY KEY, host TEXT NOT NULL, boot_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE grants (
  token INTEGER PRIMARY KEY,
  "set" TEXT NOT NULL,
  owner TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  lost INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX grants_by_set ON grants ("set") WHERE lost = 0;
CREATE INDEX grants_by_owner ON grants (owner);
CREATE TABLE grant_keys ("key" TEXT NOT NULL, token INTEGER NOT NULL, mode TEXT NOT NULL, UNIQUE ("key", token)) STRICT;
CREATE INDEX grant_keys_by_token ON grant_keys (token);
CREATE TABLE waiters (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  "set" TEXT NOT NULL,
  owner TEXT NOT NULL,
  token INTEGER NOT NULL,
  ttl INTEGER NOT NULL,
  until INTEGER NOT NULL,
  granted INTEGER NOT NULL
) STRICT;
CREATE TABLE waiter_keys ("key" TEXT NOT NULL, waiter INTEGER NOT NULL, mode TEXT NOT NULL, UNIQUE ("key", waiter)) STRICT;
CREATE INDEX waiter_keys_by_waiter ON waiter_keys (waiter);

CREATE TABLE collections (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  indexes TEXT NOT NULL,
  uniques TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE records (
  collection TEXT NOT NULL,
  "key" TEXT NOT NULL,
  revision INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (collection, "key")
) STRICT;
CREATE TABLE record_uniques (
  collection TEXT NOT NULL,
  rule INTEGER NOT NULL,
  value TEXT NOT NULL,
  "key" TEXT NOT NULL,
  PRIMARY KEY (collection, rule, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
  name TEXT PRIMARY KEY,
  spec TEXT NOT NULL,
  "cursor" INTEGER NOT NULL,
  token INTEGER NOT NULL,
  owner TEXT NOT NULL,
  claimed_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries (
  name TEXT NOT NULL,
  dead INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  stream TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER NOT NULL,
  claim INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (name, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_state ON deliveries (name, dead, seq);
`;

/**
 * Step 2. A commit with a lease touched thirteen pages, now six: leases are found in memory and need no index, and the
 * version of a stream is the last one in the index of its events.
 */
export const fewerPages = `
CREATE TABLE sets (
  token INTEGER PRIMARY KEY,
  "set" TEXT NOT NULL,
  owner TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  keys TEXT NOT NULL
) STRICT;
INSERT INTO sets SELECT token, "set", owner, expires_at, lost,
  (SELECT json_group_array(json_object('key', k."key", 'mode', k.mode) ORDER BY k.rowid)
    FROM grant_keys k WHERE k.token = grants.token)
  FROM grants;
DROP TABLE grant_keys;
DROP TABLE grants;
ALTER TABLE sets RENAME TO grants;

CREATE TABLE line (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  "set" TEXT NOT NULL,
  owner TEXT NOT NULL,
  token INTEGER NOT NULL,
  ttl INTEGER NOT NULL,
  until INTEGER NOT NULL,
  granted INTEGER NOT NULL,
  keys TEXT NOT NULL
) STRICT;
INSERT INTO line SELECT id, kind, "set", owner, token, ttl, until, granted,
  (SELECT json_group_array(json_object('key', k."key", 'mode', k.mode) ORDER BY k.rowid)
    FROM waiter_keys k WHERE k.waiter = waiters.id)
  FROM waiters;
DROP TABLE waiter_keys;
DROP TABLE waiters;
ALTER TABLE line RENAME TO waiters;

DROP TABLE streams;
`;
