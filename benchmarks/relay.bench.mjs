// The relay of a log to JetStream beside the plainest pipelined publish of the same client to the same server: both with
// 256 and 1,024 messages on their way. The relay reads the log (SQLite, synchronous = FULL), publishes under the ids of the
// events, and keeps its place. Needs nats-server on the PATH (or NATS_URL) and `pnpm run build`. Ends with 1 when a figure
// misses its target.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { relay } from '../packages/bus/dist/index.js';
import { natsBus } from '../packages/bus/dist/nats.js';
import { ended, line, pool, rounds, seconds } from './lib/rounds.mjs';
import { openSubject } from './lib/runs.mjs';

const require = createRequire(new URL('../packages/bus/package.json', import.meta.url));
const { connect, headers } = require('@nats-io/transport-node');
const { jetstream, jetstreamManager } = require('@nats-io/jetstream');

const count = Number(process.env.EVENTS ?? 20_000);
const server = process.env.NATS_URL ? undefined : await startServer().catch(skipped);
const servers = process.env.NATS_URL ?? server.url;
let names = 0;

/** What the relay publishes of an event, so that both send the same bytes. */
const payload = (n) =>
  JSON.stringify({
    id: `run/bench@${n}`,
    topic: 'log/run/bench',
    at: new Date().toISOString(),
    body: { seq: n, stream: 'run/bench', version: n, type: 'bench/step.completed' },
  });

async function raw(outstanding, { withIds }) {
  const connection = await connect({ servers });
  const manager = await jetstreamManager(connection);
  const js = jetstream(connection);
  const name = `raw${(names += 1)}`;
  await manager.streams.add({ name, subjects: [`${name}.>`], storage: 'file' });
  const begun = seconds();
  await pool(count, outstanding, (n) => {
    if (!withIds) return js.publish(`${name}.a`, payload(n));
    const marks = headers();
    return js.publish(`${name}.a`, payload(n), { msgID: `run/bench@${n}`, headers: marks });
  });
  const perSecond = count / (seconds() - begun);
  await manager.streams.delete(name);
  await connection.close();
  return { perSecond };
}

async function relayed(window) {
  const { store, close } = await openSubject();
  const meta = () => ({ at: new Date().toISOString(), actor: { kind: 'engine', id: 'bench' } });
  for (let from = 0; from < count; from += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, n) => ({
      type: 'bench/step.completed',
      v: 1,
      data: { n: from + n, ok: true, text: 'x'.repeat(180) },
    }));
    await store.commit({ appends: [{ stream: 'run/bench', expectedVersion: from, events }], meta: meta() });
  }
  const prefix = `relay${(names += 1)}`;
  const bus = await natsBus({ servers, prefix, limits: { window } });
  const abort = new AbortController();
  const begun = seconds();
  let left = count;
  const told = new Promise((resolve) => {
    const counted = {
      ...bus,
      async publish(messages, o) {
        await bus.publish(messages, o);
        left -= messages.length;
        if (left === 0) resolve();
      },
    };
    relay(store.subscriptions, counted, { name: 'relay', owner: 'bench', signal: abort.signal }).catch(() => {});
  });
  await told;
  while ((await store.subscriptions.status('relay')).parked > 0) await new Promise((next) => setImmediate(next));
  const perSecond = count / (seconds() - begun);
  abort.abort();
  await bus.close();
  const connection = await connect({ servers });
  const { streams } = await jetstreamManager(connection);
  const { messages } = (await streams.info(`${prefix}_topics`)).state;
  if (messages !== count) throw new Error(`The server has ${messages} of ${count} messages`);
  await streams.delete(`${prefix}_topics`);
  await connection.close();
  await close();
  return { perSecond };
}

function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'conductor-bench-nats-'));
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', '-1', '-js', '-sd', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/bin` },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    let port;
    child.stderr.on('data', (text) => {
      port ??= /client connections on 127\.0\.0\.1:(\d+)/u.exec(String(text))?.[1];
      if (!String(text).includes('Server is ready')) return;
      const stop = () => {
        child.kill();
        rmSync(folder, { recursive: true, force: true });
      };
      resolve({ url: `nats://127.0.0.1:${port}`, stop });
    });
  });
}

function skipped(error) {
  process.stderr.write(`skipped: relay to JetStream (${error.message})\n`);
  process.exit(0);
}

const subjects = {
  raw256: () => raw(256, { withIds: false }),
  raw1024: () => raw(1_024, { withIds: false }),
  rawIds1024: () => raw(1_024, { withIds: true }),
  relay: () => relayed(1_024),
};
const figures = await rounds(subjects);
const perSecond = Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, figure.perSecond]));
const best = Math.max(perSecond.raw256, perSecond.raw1024);
line(
  'relay to JetStream',
  { count, ...perSecond, ofRaw: perSecond.relay / best, ofRawWithIds: perSecond.relay / perSecond.rawIds1024 },
  { ofRaw: { least: 0.75 } },
);
server?.stop();
ended();
