import { openStore, scratch } from './sqlite.mjs';

/**
 * A run as the engine drives one: each commit carries its expected version, an idempotency key and the fence of the run's
 * lease. The first is `run.started` with the lease, then one per step, the last ends the run and gives the lease back.
 */
export async function driveRun(store, owner, name, steps) {
  const stream = `run/${name}`;
  const actor = { kind: 'engine', id: owner };
  const meta = () => ({ at: new Date().toISOString(), actor });
  const set = `run:${name}`;
  const keys = [{ key: set, mode: 'exclusive' }];
  const started = await store.commit({
    appends: [{ stream, expectedVersion: 0, events: [{ type: 'bench/run.started', v: 1, data: { name } }] }],
    meta: meta(),
    leases: [{ op: 'acquire', set, owner, keys, ttlMs: 30_000 }],
    idempotencyKey: `${name}/start`,
  });
  const { token } = started.grants[0];
  const fence = [{ set, token }];
  for (let step = 0; step < steps; step += 1) {
    const last = step === steps - 1;
    const done = { type: 'bench/step.completed', v: 1, data: { n: step, ok: true } };
    const ending = { type: 'bench/run.completed', v: 1, data: { ok: true } };
    await store.commit({
      appends: [{ stream, expectedVersion: step + 1, events: last ? [done, ending] : [done] }],
      meta: meta(),
      fence,
      ...(last ? { leases: [{ op: 'release', set, token }] } : {}),
      idempotencyKey: `${name}/${step}`,
    });
  }
}

/** A store as a project has it: an owner of leases, and a subscription that follows the log. */
export async function openSubject(open = openStore) {
  const { folder, remove } = scratch();
  const { store } = await open(folder);
  const owner = 'bench';
  await store.leases.openOwner({ owner, host: 'bench', bootId: 'bench' });
  const backoff = { baseMs: 10, maxMs: 100 };
  await store.subscriptions.ensure({ name: 'outbox', from: 'end', order: 'stream', maxAttempts: 3, backoff });
  return {
    store,
    owner,
    run: (name, steps) => driveRun(store, owner, name, steps),
    async close() {
      await store.close();
      remove();
    },
  };
}
