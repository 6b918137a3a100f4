/**
 * Step 1, in the schema of the store. Columns of `events` as ruled in R24. Texts compare byte by byte (collation C), which
 * is the order of code points; JSON is kept as text, so that it comes back as it was written.
 *
 * The row of `counters` is written by every transaction that writes anything: it is the lock that puts them in one order.
 */
export const firstSchema = `
CREATE TABLE counters (
  one boolean PRIMARY KEY CHECK (one),
  id text NOT NULL,
  rev bigint NOT NULL,
  seq bigint NOT NULL,
  "commit" bigint NOT NULL,
  token bigint NOT NULL,
  waiter bigint NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE commits (
  "commit" bigint PRIMARY KEY,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  at text NOT NULL,
  org text,
  workspace text,
  "key" text COLLATE "C",
  digest text,
  meta text NOT NULL
);
CREATE UNIQUE INDEX commits_by_key ON commits ("key") WHERE "key" IS NOT NULL;

CREATE TABLE events (
  seq bigint PRIMARY KEY,
  stream text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  type text COLLATE "C" NOT NULL,
  v bigint NOT NULL,
  "commit" bigint NOT NULL,
  data text NOT NULL,
  UNIQUE (stream, version)
);

CREATE TABLE owners (owner text COLLATE "C" PRIMARY KEY, host text NOT NULL, boot_id text NOT NULL);
CREATE TABLE grants (
  token bigint PRIMARY KEY,
  "set" text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  expires_at float8 NOT NULL,
  lost boolean NOT NULL,
  keys text NOT NULL
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX grants_by_set ON grants ("set") WHERE NOT lost;
CREATE INDEX grants_by_owner ON grants (owner);
CREATE TABLE grant_keys ("key" text COLLATE "C", token bigint, PRIMARY KEY ("key", token));
CREATE INDEX grant_keys_by_token ON grant_keys (token);
CREATE TABLE waiters (
  id bigint PRIMARY KEY,
  kind text NOT NULL,
  "set" text NOT NULL,
  owner text NOT NULL,
  token bigint NOT NULL,
  ttl float8 NOT NULL,
  until float8 NOT NULL,
  granted bigint NOT NULL,
  keys text NOT NULL
);
CREATE TABLE waiter_keys ("key" text COLLATE "C", waiter bigint, PRIMARY KEY ("key", waiter));
CREATE INDEX waiter_keys_by_waiter ON waiter_keys (waiter);

CREATE TABLE collections (
  name text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  indexes text NOT NULL,
  uniques text NOT NULL
);
CREATE TABLE records (
  collection text COLLATE "C",
  "key" text COLLATE "C",
  revision bigint NOT NULL,
  seq bigint NOT NULL,
  deleted boolean NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (collection, "key")
);
CREATE TABLE record_uniques (
  collection text COLLATE "C",
  rule integer,
  hash text COLLATE "C",
  "key" text NOT NULL,
  PRIMARY KEY (collection, rule, hash)
);

CREATE TABLE subscriptions (
  name text COLLATE "C" PRIMARY KEY,
  spec text NOT NULL,
  "cursor" bigint NOT NULL,
  token bigint NOT NULL,
  owner text NOT NULL,
  claimed_until float8 NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE deliveries (
  name text COLLATE "C",
  seq bigint,
  stream text NOT NULL,
  attempts bigint NOT NULL,
  due float8 NOT NULL,
  claim bigint NOT NULL,
  dead boolean NOT NULL,
  error text NOT NULL,
  PRIMARY KEY (name, seq)
);
`;

/**
 * Step 2: artifacts, in chunks of `chunk` bytes, so that neither side ever holds one whole. An upload is an artifact once it
 * has its `sha256`; before, nobody finds it. `at` is when it was last put, or written to, in milliseconds since the epoch.
 * Texts pack well by the compression that Postgres has for long values; what is packed already it leaves as it is.
 */
export const artifactTables = `
CREATE TABLE artifacts (
  upload text COLLATE "C" PRIMARY KEY,
  sha256 text COLLATE "C" UNIQUE,
  bytes bigint NOT NULL,
  chunk integer NOT NULL CHECK (chunk > 0),
  at float8 NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE artifact_chunks (
  upload text COLLATE "C" REFERENCES artifacts ON DELETE CASCADE,
  n integer,
  data bytea NOT NULL,
  PRIMARY KEY (upload, n)
);
`;

/**
 * Step 3: which message of each handle took effect last, so that it learns whether a COMMIT happened that nobody answered; and
 * without the indexes that every lease paid for: keys are removed by themselves, and the sets that are held are few.
 */
export const handleTable = `
CREATE TABLE handles (
  handle text COLLATE "C" PRIMARY KEY,
  mark bigint NOT NULL,
  at timestamptz NOT NULL
) WITH (fillfactor = 10);
DROP INDEX grants_by_owner;
DROP INDEX grant_keys_by_token;
DROP INDEX waiter_keys_by_waiter;
`;
