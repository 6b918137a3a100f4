import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { full, proof } from '../../../proof.shared.js';
import { natsBus } from '../src/nats.js';
import { natsServer, startNats } from './nats-server.js';
import type { TestNats } from './nats-server.js';

const program = fileURLToPath(new URL('relay-process.mjs', import.meta.url));
const count = 3_000;
/** A kill after every so many messages that a reader has; spread over the whole of the log, and none near a batch's end only. */
const killAfter = full ? 23 : 701;
let kills = 0;
proof('relay', {
  proves:
    'A process that hands events on to JetStream, is killed again and again and begins each time at the beginning, has told every event once, in the order of the log.',
  facts: () => ({ events: count, kills, killedEvery: killAfter }),
});

describe.skipIf(natsServer === undefined)('a relay that is killed again and again', () => {
  let nats: TestNats;
  let child: ChildProcess | undefined;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await nats.stop();
  });

  it('tells every event once, in the order of the log, although it begins at the beginning each time', async () => {
    const prefix = 'killed';
    const bus = await natsBus({ servers: nats.url, prefix, limits: { topicBytes: 16 * 1024 * 1024 } });
    const reader = bus.subscribe('log/**');
    await bus.publish([{ id: 'ready', topic: 'other', body: null, at: '2026-01-01T00:00:00.000Z' }]); // the reader is there
    const start = () => spawn(process.execPath, [program, nats.url, prefix, String(count)], { stdio: 'inherit' });
    child = start();
    const read: string[] = [];
    for await (const { id } of reader) {
      if (read.push(id) === count) break;
      if (read.length % killAfter !== 0) continue;
      const killed = child;
      const exited = new Promise((resolve) => killed.once('exit', resolve));
      killed.kill('SIGKILL');
      await exited;
      kills += 1;
      child = start();
    }
    expect(read).toEqual(Array.from({ length: count }, (_, index) => `run/a@${index + 1}`));
    expect(kills).toBe(Math.floor((count - 1) / killAfter));
    await bus.close();
  });
});
