import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@conductor/core';
import type { Store } from '@conductor/core/ports';
import { afterAll, describe, expect, it } from 'vitest';
import { all } from '../../src/conformance/store-fixture.js';
import { temporaryFolder } from '../open-database.js';
import { firstSeed, full, report } from './campaign.js';
import { startTogether } from './child-process.js';
import { now, runClient, tailOf } from './client.js';
import type { Op } from './history.js';
import { checkLinearizable } from './linearizable.js';
import { checkLog } from './log-check.js';
import { openAt } from './places.js';
import type { DriverName, Place } from './places.js';
import { randomOf } from './random.js';

const clients = 8;
const processes = 4;
const operations = full ? 5_000 : 250;
const objects = ['a', 'b', 'c', 'd'];
const clock = systemClock();

const folder = temporaryFolder();
const figures: Record<string, unknown>[] = [];
afterAll(() => {
  folder.remove();
  report(
    'linearizable',
    'What clients of one store are answered (appends, reads, leases, fenced writes) has one order that a store without concurrency could have answered in.',
    { clients, operations, seed: firstSeed, objects: objects.length, drivers: figures },
  );
});

/** What every driver of several processes promises of reads through other handles. */
const readsOf: Readonly<Record<DriverName, 'all' | 'handle'>> = { memory: 'all', sqlite: 'all', file: 'handle' };

describe('the answers of a store to clients beside each other have one order', () => {
  it(`memory: ${clients} clients, ${operations} operations each`, async () => {
    const place: Place = { driver: 'memory', at: '' };
    const store = await openAt(place, clock);
    const history: Op[] = [];
    const record = (op: Op) => void history.push(op);
    const one = (client: number) => {
      const random = randomOf(firstSeed * 1_000 + client);
      return runClient({ store, clock, random, client, process: 0, operations, objects, record });
    };
    await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
    await judge(place, history, store, 1);
  }, 600_000);

  it.each(['sqlite', 'file'] as const)(
    `%s: ${clients} clients in ${processes} processes, ${operations} operations each`,
    async (driver) => {
      const place: Place = { driver, at: folder.file(driver) };
      const history = await historyOfProcesses(place);
      await judge(place, history, await openAt(place, clock), processes);
    },
    3_600_000,
  );
});

async function historyOfProcesses(place: Place): Promise<readonly Op[]> {
  const each = clients / processes;
  const tasks = Array.from({ length: processes }, (_, index) => {
    const history = join(folder.path, `${place.driver}-${index}.json`);
    const numbers = Array.from({ length: each }, (__, client) => index * each + client);
    const work = { place, seed: firstSeed, process: index, clients: numbers, operations, objects, history };
    return { do: 'clients', ...work } as const;
  });
  const children = await startTogether(tasks);
  for (const { ended } of children) expect(await ended).toEqual({ code: 0, errors: '' });
  return tasks.flatMap(({ history }) => JSON.parse(readFileSync(history, 'utf8')) as readonly Op[]); // by the children
}

/** Reads everything when all is over, which pins what really became of each commit, and checks the whole. */
async function judge({ driver }: Place, told: readonly Op[], store: Store, inProcesses: number): Promise<void> {
  const history: Op[] = [...told];
  for (const object of objects) {
    const begin = { client: clients, process: processes, object, called: now() };
    const got = await tailOf(store, object, 1_000_000);
    history.push({ ...begin, do: 'read', fresh: true, answered: now(), got });
  }
  const faults = checkLog(history, await all(store.readAll()));
  await store.close();
  expect(faults.slice(0, 10)).toEqual([]);
  const verdict = checkLinearizable(history, { reads: readsOf[driver] });
  expect(verdict.stuck).toEqual([]);
  expect(told.length).toBeGreaterThanOrEqual(clients * operations);
  figures.push({ driver, processes: inProcesses, reads: readsOf[driver], ...countsOf(told), unknown: verdict.unknown });
}

/** How often each thing was answered: a campaign in which nothing collides shows nothing. */
function countsOf(history: readonly Op[]) {
  const counts: Record<string, number> = {};
  for (const op of history) {
    const how = op.do === 'append' && op.fence !== undefined ? 'fenced append' : op.do;
    const name = `${how}: ${op.got.is}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return { operations: history.length, answers: counts };
}
