// The process that kill.bench.mjs kills: drives runs whose steps leave a line in a file, or goes on with them from the log.
// Arguments: folder, `start` or `resume`, runs, steps. Prints when its first line ran, in nanoseconds of the monotonic clock
// of the machine, which is the same for all its processes.
const begun = process.hrtime.bigint();
const { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync } = await import('node:fs');
const { join } = await import('node:path');
const { openStore, sqlite } = await import('./sqlite.mjs');
const { databaseOwners } = await import('../../packages/store/dist/sqlite.js');

const [, , folder, role, runs, steps] = process.argv;
const lines = join(folder, 'lines');
const locks = join(folder, 'owners');
mkdirSync(locks, { recursive: true });
const owners = databaseOwners({
  open: (file) => new sqlite.DatabaseSync(join(locks, file)),
  files: async () => (existsSync(locks) ? readdirSync(locks) : []),
  remove: async (file) => rmSync(join(locks, file), { force: true }),
});
const owner = `bench-${process.pid}`;
const meta = () => ({ at: new Date().toISOString(), actor: { kind: 'engine', id: owner } });
const exclusive = (name) => [{ key: `run:${name}`, mode: 'exclusive' }];
const lease = (name) => ({ set: `run:${name}`, owner, keys: exclusive(name), ttlMs: 30_000 });

const { store } = await openStore(folder, { owners });
await store.leases.openOwner({ owner, host: 'bench', bootId: 'bench' });

/** What a step does to the world before the log knows of it: a second time when it was killed in between. */
async function body(name, step) {
  appendFileSync(lines, `${name} ${step} ${process.hrtime.bigint()}\n`);
  await new Promise((next) => setTimeout(next, 20));
  return { n: step, ok: true };
}

async function drive({ name, from, token }) {
  const set = `run:${name}`;
  for (let step = from; step < Number(steps); step += 1) {
    const events = [{ type: 'bench/step.completed', v: 1, data: await body(name, step) }];
    const last = step === Number(steps) - 1;
    if (last) events.push({ type: 'bench/run.completed', v: 1, data: { ok: true } });
    await store.commit({
      appends: [{ stream: `run/${name}`, expectedVersion: step + 1, events }],
      meta: meta(),
      fence: [{ set, token }],
      ...(last ? { leases: [{ op: 'release', set, token }] } : {}),
      idempotencyKey: `${name}/${step}`,
    });
  }
}

/** No step begins before all runs are in the log. */
function started() {
  return Promise.all(
    Array.from({ length: Number(runs) }, async (_, index) => {
      const name = `w${index}`;
      const { grants } = await store.commit({
        appends: [
          { stream: `run/${name}`, expectedVersion: 0, events: [{ type: 'bench/run.started', v: 1, data: { name } }] },
        ],
        meta: meta(),
        leases: [{ op: 'acquire', ...lease(name) }],
        idempotencyKey: `${name}/start`,
      });
      return { name, from: 0, token: grants[0].token };
    }),
  );
}

/** The dead owner's lock is free, so its leases are void at once; then every open run of the log is taken over. */
async function resumed() {
  await store.leases.reap();
  const open = new Map();
  for await (const page of store.readAll({ kinds: ['run'] })) {
    for (const { stream, type } of page) {
      if (type === 'bench/run.completed') open.delete(stream);
      else open.set(stream, type === 'bench/run.started' ? 0 : open.get(stream) + 1);
    }
  }
  return Promise.all(
    Array.from(open, async ([stream, from]) => {
      const name = stream.slice('run/'.length);
      const { token } = await store.leases.acquire(lease(name));
      return { name, from, token };
    }),
  );
}

const open = role === 'start' ? await started() : await resumed();
await Promise.all(open.map(drive));
await store.close();
process.stdout.write(JSON.stringify({ begun: String(begun) }));
