import { readSync, writeFileSync, writeSync } from 'node:fs';
import { systemClock } from '@conductor/core';
import { runClient } from './client.js';
import type { Op } from './history.js';
import { openAt } from './places.js';
import type { Place } from './places.js';
import { randomOf } from './random.js';
import { runWriter } from './writer.js';

/** What a process of its own is asked to do, as its one argument. */
export type ChildTask = {
  readonly place: Place;
  readonly seed: number;
  readonly storeBusyMs?: number;
} & (
  | {
      readonly do: 'clients';
      readonly process: number;
      readonly clients: readonly number[];
      readonly operations: number;
      readonly objects: readonly string[];
      /** The file that the history is written to. */
      readonly history: string;
    }
  | {
      readonly do: 'write';
      readonly writer: string;
      readonly commits?: number;
    }
);

/** Operations between two signs of life. */
const progressEvery = 25;
const task = JSON.parse(process.argv[2] ?? '') as ChildTask; // written by `startChild`
const clock = systemClock();
const store = await openAt(task.place, { clock, storeBusyMs: task.storeBusyMs });
/** At once and in one piece: what was printed has left this process before it can be killed. */
const print = (line: string) => void writeSync(1, `${line}\n`);

/** Says that the store is open, and waits for its turn, so that processes begin together whatever their start took. */
const ready = () => {
  print('open');
  readSync(0, new Uint8Array(1));
};

switch (task.do) {
  case 'clients': {
    const history: Op[] = [];
    const record = (op: Op) => {
      history.push(op);
      if (history.length % progressEvery === 0) print(`p ${progressEvery}`);
    };
    const { operations, objects } = task;
    ready();
    const clients = task.clients.map((client) => {
      const random = randomOf(task.seed * 1_000 + client);
      return runClient({ store, clock, random, client, process: task.process, operations, objects, record });
    });
    await Promise.all(clients);
    writeFileSync(task.history, JSON.stringify(history));
    break;
  }
  case 'write':
    print('open');
    await runWriter({ ...task, store, clock, random: randomOf(task.seed), print });
}
await store.close();
