import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@conductor/core';
import type { Store } from '@conductor/core/ports';
import { afterAll, describe, expect, it } from 'vitest';
import { all } from '../../src/conformance/store-fixture.js';
import { temporaryFolder } from '../open-database.js';
import { startPostgresIfPossible } from '../postgres-server.js';
import { firstSeed, full, proof } from '../../../../proof.shared.js';
import { startTogether } from './child-process.js';
import { now, runClient, tailOf } from './client.js';
import { disturbances } from './disturbances.js';
import { durablePlaces } from './durable-places.js';
import type { Op } from './history.js';
import { checkLinearizable } from './linearizable.js';
import { checkLog } from './log-check.js';
import { openAt } from './places.js';
import type { DriverName, Place } from './places.js';
import { randomOf } from './random.js';

const clients = 8;
const processes = 4;
const operations = full ? 5_000 : 150;
/** How often the server of a driver that has one is disturbed. */
const disturbs = full ? 40 : 6;
const objects = ['a', 'b', 'c', 'd'];
const clock = systemClock();

const server = await startPostgresIfPossible();
const folder = temporaryFolder();
const figures: Record<string, unknown>[] = [];
proof('linearizable', {
  proves:
    'What clients of one store are answered (appends, reads, leases, fenced writes) has one order that a store without concurrency could have answered in.',
  facts: () => ({ clients, operations, seed: firstSeed, objects: objects.length, drivers: figures }),
});
afterAll(async () => {
  folder.remove();
  await server?.stop();
});

/** What every driver of several processes promises of reads through other handles. */
const readsOf: Readonly<Record<DriverName, 'all' | 'handle'>> = {
  memory: 'all',
  sqlite: 'all',
  // While one process writes, another one reads what was there before.
  file: 'handle',
  postgres: 'all',
};

describe('the answers of a store to clients beside each other have one order', () => {
  it(`memory: ${clients} clients, ${operations} operations each`, async () => {
    const place: Place = { driver: 'memory' };
    const store = await openAt(place, { clock });
    const history: Op[] = [];
    const record = (op: Op) => void history.push(op);
    const one = (client: number) => {
      const random = randomOf(firstSeed * 1_000 + client);
      return runClient({ store, clock, random, client, process: 0, operations, objects, record });
    };
    await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
    await judge(place, history, store, { processes: 1 });
  }, 600_000);

  it.each(durablePlaces(server))(
    `%s: ${clients} clients in ${processes} processes, ${operations} operations each`,
    async (_, { placeOf, server: disturbed }) => {
      const place = placeOf('clients');
      const trouble = disturbed === undefined ? undefined : disturbances(disturbed, disturbs);
      const history = await historyOfProcesses(place, (share) => trouble?.progress(share));
      const figures = await trouble?.settled();
      await judge(place, history, await openAt(place, { clock }), { processes, ...figures });
    },
    3_600_000,
  );
});

async function historyOfProcesses(place: Place, progress: (share: number) => void): Promise<readonly Op[]> {
  const each = clients / processes;
  const tasks = Array.from({ length: processes }, (_, index) => {
    const history = join(folder.path, `${place.driver}-${index}.json`);
    const numbers = Array.from({ length: each }, (__, client) => index * each + client);
    const work = { place, seed: firstSeed, process: index, clients: numbers, operations, objects, history };
    // Where a server can go away, half of the processes give up soon, and do not know what became of their commits.
    const soon = place.driver === 'postgres' && index % 2 === 1;
    return { do: 'clients', ...work, ...(soon ? { storeBusyMs: 20 } : {}) } as const;
  });
  let made = 0;
  const children = await startTogether(tasks, (line) => {
    if (!line.startsWith('p ')) return;
    made += Number(line.slice(2));
    progress(made / (clients * operations));
  });
  for (const { ended } of children) expect(await ended).toEqual({ code: 0, errors: '' });
  return tasks.flatMap(({ history }) => JSON.parse(readFileSync(history, 'utf8')) as readonly Op[]); // by the children
}

/** Reads everything when all is over, which pins what really became of each commit, and checks the whole. */
async function judge(
  { driver }: Place,
  told: readonly Op[],
  store: Store,
  how: Readonly<Record<string, number>>,
): Promise<void> {
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
  figures.push({ driver, ...how, reads: readsOf[driver], ...countsOf(told), unknown: verdict.unknown });
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
