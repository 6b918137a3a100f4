// Leases with fencing tokens beside a raw row of the same database that is taken and given back (W11), both with
// synchronous = FULL. Needs `pnpm run build`. Ends with 1 when a figure misses its target.
import { openFloor } from './lib/floor.mjs';
import { peer } from './lib/peers.mjs';
import { ended, line, pool, rounds, seconds } from './lib/rounds.mjs';
import { openSubject } from './lib/runs.mjs';

async function perSecond(count, work) {
  const begun = seconds();
  await work();
  return { locksPerSecond: count / (seconds() - begun) };
}

const exclusive = (key) => [{ key, mode: 'exclusive' }];

async function ours(count, lanes, keyOf, waitMs = 0) {
  const { store, owner, close } = await openSubject();
  const figures = await perSecond(count, () =>
    pool(lanes, lanes, async (lane) => {
      for (let n = 0; n < count / lanes; n += 1) {
        const set = `${lane}/${n}`;
        const grant = await store.leases.acquire(
          { set, owner, keys: exclusive(keyOf(lane)), ttlMs: 30_000 },
          { waitMs },
        );
        await store.leases.release(set, grant.token);
      }
    }),
  );
  await close();
  return figures;
}

/** `grouped`: what arrives in one turn shares a transaction, as ours does. */
async function floor(count, lanes, { grouped }) {
  const { write, statements, close } = openFloor();
  const run = grouped ? write : async (work) => work();
  const figures = await perSecond(count, () =>
    pool(lanes, lanes, async (lane) => {
      for (let n = 0; n < count / lanes; n += 1) {
        const now = Date.now();
        const name = `key ${lane}`;
        const { token } = await run(() => statements.acquire.get(name, 'bench', now + 30_000, now));
        await run(() => statements.release.run(name, 'bench', token));
      }
    }),
  );
  close();
  return figures;
}

async function compare(bench, subjects, least, timesPeer) {
  const seen = await rounds(subjects);
  const { locksPerSecond } = seen.ours;
  const ofFloor = locksPerSecond / seen.floor.locksPerSecond;
  const figures = { locksPerSecond, floor: seen.floor.locksPerSecond, ofFloor };
  const other = await peer('w11-locks.mjs', bench, 'proper-lockfile');
  if (other === undefined) return line(bench, figures, { ofFloor: { least } });
  const ofPeer = locksPerSecond / other.locks_per_s;
  const beside = { ...figures, peer: other.peer, theirs: other.locks_per_s, ofPeer };
  line(bench, beside, { ofFloor: { least }, ofPeer: { least: timesPeer } });
}

await compare(
  'W11.seq',
  { floor: () => floor(1_000, 1, { grouped: false }), ours: () => ours(1_000, 1, () => 'file:a') },
  0.9,
  0.85,
);
await compare(
  'W11.c16',
  { floor: () => floor(3_200, 16, { grouped: false }), ours: () => ours(3_200, 16, (lane) => `file:${lane}`) },
  1,
  5,
);
// Each hand-off is one commit: the release of one waiter grants the next.
await compare(
  'W11.contended',
  { floor: () => floor(640, 1, { grouped: false }), ours: () => ours(640, 8, () => 'file:a', 60_000) },
  0.9,
  10,
);

ended();
