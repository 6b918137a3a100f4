import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsServer, startNats } from '../../../packages/bus/test/nats-server.js';
import type { TestNats } from '../../../packages/bus/test/nats-server.js';
import { startPostgresIfPossible } from '../../../packages/store/test/postgres-server.js';
import type { PostgresServer } from '../../../packages/store/test/postgres-server.js';
import { isAlive, twoMachines } from './machines.js';
import type { Call, Machine, Machines } from './machines.js';

let postgres: PostgresServer | undefined;
let nats: TestNats | undefined;
let place: Machines | undefined;

beforeAll(async () => {
  if (natsServer === undefined) return;
  postgres = await startPostgresIfPossible();
  nats = await startNats();
});
afterAll(async () => {
  place?.remove();
  await nats?.stop();
  await postgres?.stop();
});

/** What of an event in the log is looked at. */
interface Fact {
  readonly type: string;
  readonly data: { readonly taskId: string };
}

const taskOf = async (worker: Machine) => String((await worker.line({ type: 'run.claimed' }))['task']);
const callsOf = (calls: readonly Call[], task: string) => calls.filter((call) => call.task === task);

describe('an engine and three workers on Postgres and NATS', () => {
  it.skipIf(natsServer === undefined)(
    'complete a track although workers, engine and NATS are killed, and do nothing twice',
    async ({ skip }) => {
      if (!postgres || !nats) return skip('This machine cannot run a Postgres');
      const machines = (place = twoMachines({
        CONDUCTOR_STORE: postgres.url,
        CONDUCTOR_BUS: nats.url,
        CONDUCTOR_LIMITS__LEASE_MS: '4000',
        CONDUCTOR_LIMITS__LEASE_RENEW_MS: '1000',
        CONDUCTOR_LIMITS__MONITOR_MS: '1000',
      }));
      expect(await machines.start('engine', 'new', 'Files', '--plan', '../plan.md').ended).toBe(0);
      const engine = machines.engine();
      const [one, two, three] = ['worker-1', 'worker-2', 'worker-3'].map(machines.worker) as [
        Machine,
        Machine,
        Machine,
      ]; // three names
      const [first, second, third] = [await taskOf(one), await taskOf(two), await taskOf(three)];
      await machines.called(3);

      // A worker is killed while its agent works: the next one in its clone ends that agent, and does the task again.
      one.child.kill('SIGKILL');
      await one.ended;
      const [orphan] = callsOf(machines.calls(), first);
      const again = machines.worker('worker-1');
      expect(await taskOf(again)).toBe(first);
      await machines.called(4);
      expect(isAlive(orphan?.pid ?? 0)).toBe(false);
      machines.letEnd(first);
      await again.line({ type: 'run.reported', task: first, status: 'done' });

      // A worker sleeps past its lease, and NATS dies: another one finds its task by itself, and the sleeper writes nothing.
      await nats.kill();
      two.child.kill('SIGSTOP');
      await again.line({ type: 'run.claimed', task: second });
      machines.letEnd(second);
      await again.line({ type: 'run.reported', task: second, status: 'done' });
      two.child.kill('SIGCONT');
      await two.line({ type: 'run.lost', task: second });
      await engine.line({ event: { type: 'task.completed', data: { taskId: second } } });
      await nats.restart();

      // The engine is killed while a worker works: what is reported meanwhile is taken by the next one.
      engine.child.kill('SIGKILL');
      await engine.ended;
      machines.letEnd(third);
      await three.line({ type: 'run.reported', task: third, status: 'done' });
      machines.letEnd('2.1');
      const next = await machines.nextEngine();
      expect(await next.ended).toBe(0);
      expect(next.lines.at(-1)).toMatchObject({ kind: 'result', stop: 'completed' });

      for (const worker of [again, two, three]) worker.child.kill('SIGTERM');
      expect(await Promise.all([again, two, three].map(({ ended }) => ended))).toEqual([130, 130, 130]);
      const reported = [one, again, two, three].flatMap(({ lines }) =>
        lines.filter((line) => line['type'] === 'run.reported'),
      );
      expect(reported.map((line) => line['task']).sort()).toEqual(['1.1', '1.2', '1.3', '2.1']);

      const calls = machines.calls();
      expect([first, second, third, '2.1'].map((task) => callsOf(calls, task).length)).toEqual([2, 2, 1, 1]);
      expect(new Set(calls.map(({ attempt }) => attempt))).toEqual(new Set(['1']));
      expect(new Set(calls.map(({ key }) => key)).size).toBe(4);
      const log = machines.start('engine', 'log', '--type', 'task.*');
      expect(await log.ended).toBe(0);
      const facts = log.lines.flatMap(({ event }) => (event === undefined ? [] : [event as Fact])); // of the log
      const completed = facts.filter(({ type }) => type === 'task.completed');
      expect(completed.map(({ data }) => data.taskId).sort()).toEqual(['1.1', '1.2', '1.3', '2.1']);
      expect(facts.filter(({ type }) => type === 'task.failed')).toEqual([]);
      const keys = machines.git('log', '--format=%(trailers:key=Conductor-Key,valueonly,separator=%x2c)').split('\n');
      const ofTasks = keys.filter((key) => key.includes('/EXECUTE/'));
      expect(ofTasks.sort()).toEqual([...new Set(calls.map(({ key }) => key))].sort());

      // Once more, the example says that there is nothing left to do.
      const { text, exitCode } = machines.again();
      expect([exitCode, text]).toEqual([0, expect.stringContaining('is complete')]);
      expect(machines.calls()).toHaveLength(calls.length);
    },
    120_000,
  );
});
