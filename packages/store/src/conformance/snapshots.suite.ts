import { describe, expect, it } from 'vitest';
import type { Artifacts, Clock, Json, SnapshotHead, Snapshots } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { codeOf } from './store-fixture.js';

/** A driver under test, the artifacts that its bytes go to, and how to let go of it. */
export interface OpenSnapshots {
  readonly snapshots: Snapshots;
  /** What `put` writes goes through these; the suite counts it, and damages it. */
  readonly artifacts: Artifacts;
  close(): Promise<void>;
}

/** Makes an empty driver; all its bytes go through `wrap`. */
export type OpenSnapshotsUnderTest = (o: {
  readonly clock: Clock;
  readonly wrap: (artifacts: Artifacts) => Artifacts;
}) => Promise<OpenSnapshots>;

type New = Parameters<Snapshots['put']>[0];

const track = 'track/greet_20260101';
const hour = 3_600_000;

function snapshotOf(version: number, state: Json, more: Partial<New> = {}): New {
  const at = '2026-01-01T00:00:00.000Z';
  return { subject: track, kind: 'fold', at, seq: version, version, foldVersion: 1, pinned: false, state, ...more };
}

/** Prose of a fixed generator: it packs about as well as what people and agents write. */
function prose(words: number, seed: number): string {
  const known = 'track plan task board files event worker lease step commit finding report spec goal evidence'.split(
    ' ',
  );
  let state = seed;
  const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
  return Array.from(
    { length: words },
    () => `${known[Math.floor(next() * known.length)]}${Math.floor(next() * 30)}`,
  ).join(' ');
}

/** The contract of the Snapshots port. */
export function snapshotsSuite(name: string, open: OpenSnapshotsUnderTest): void {
  interface Fixture {
    readonly snapshots: Snapshots;
    readonly artifacts: Artifacts;
    readonly clock: FakeClock;
    /** Bytes put so far. */
    written(): number;
    /** From now on one byte of whatever is read differs. */
    damage(): void;
    /** From now on whatever is read are the bytes that were put last. */
    confuse(): void;
  }

  async function using(work: (fixture: Fixture) => Promise<void>): Promise<void> {
    const clock = new FakeClock();
    let written = 0;
    let damaged = false;
    let last: string | undefined;
    let confused = false;
    const wrap = (inner: Artifacts): Artifacts => ({
      ...inner,
      async put(bytes, o) {
        const result = await inner.put(bytes, o);
        written += result.bytes;
        last = result.id;
        return result;
      },
      async *get(id, o) {
        for await (const part of inner.get((confused ? last : undefined) ?? id, o))
          yield damaged ? part.map((byte, index) => (index === part.length >> 1 ? byte ^ 1 : byte)) : part;
      },
    });
    const { snapshots, artifacts, close } = await open({ clock, wrap });
    try {
      const written_ = () => written;
      const [damage, confuse] = [() => void (damaged = true), () => void (confused = true)];
      await work({ snapshots, artifacts, clock, written: written_, damage, confuse });
    } finally {
      await close();
    }
  }

  const versionsOf = (heads: readonly SnapshotHead[]) => heads.map(({ version }) => version);

  describe(`Snapshots contract: ${name}`, () => {
    it('gives a state back as it was put, whatever it holds', () =>
      using(async ({ snapshots }) => {
        const states: readonly Json[] = [
          null,
          '',
          [],
          { text: 'ä\u{1F600}\u2028', 'a.b': [1.5, -0.25, 1e300], nested: { empty: {} }, '': 'no name' },
          prose(20_000, 1),
        ];
        for (const [index, state] of states.entries()) {
          const head = await snapshots.put(snapshotOf(index + 1, state));
          expect(await snapshots.read(head.id)).toEqual(state);
        }
      }));

    it('names the SHA-256 of the canonical state, whatever the order of its keys', () =>
      using(async ({ snapshots }) => {
        const one = await snapshots.put(snapshotOf(1, { a: 1, b: [true] }));
        const other = await snapshots.put(snapshotOf(2, { b: [true], a: 1 }));
        expect([one.sha256, other.sha256]).toEqual([
          '90eddf64b875cb5fa184bb12503cc7309b6ce21b175521a80bd8d83082bae604',
          '90eddf64b875cb5fa184bb12503cc7309b6ce21b175521a80bd8d83082bae604',
        ]);
        expect(one.id).not.toBe(other.id);
      }));

    it('finds the newest by version, kind and version of the fold', () =>
      using(async ({ snapshots }) => {
        const put = (version: number, more: Partial<New> = {}) => snapshots.put(snapshotOf(version, { version }, more));
        await put(1_000);
        await put(3_000);
        await put(2_000);
        await put(4_000, { foldVersion: 2 });
        await put(3_500, { kind: 'checkpoint', label: 'before the pause' });
        await put(9_000, { subject: 'track/other' });
        const latest = async (o?: Parameters<Snapshots['latest']>[1]) => (await snapshots.latest(track, o))?.version;
        expect(await latest()).toBe(4_000);
        expect(await latest({ foldVersion: 1 })).toBe(3_500);
        expect(await latest({ foldVersion: 1, kind: 'fold' })).toBe(3_000);
        expect(await latest({ kind: 'fold', maxVersion: 2_999 })).toBe(2_000);
        expect(await latest({ maxVersion: 999 })).toBeUndefined();
        expect(await snapshots.latest('track/none')).toBeUndefined();
        expect(await snapshots.latest(track, { kind: 'checkpoint' })).toMatchObject({
          label: 'before the pause',
          seq: 3_500,
        });
      }));

    it('lists heads in pages, and those of one subject alone', () =>
      using(async ({ snapshots }) => {
        for (let version = 1; version <= 5; version += 1) await snapshots.put(snapshotOf(version, version));
        await snapshots.put(snapshotOf(9, 9, { subject: 'project' }));
        await snapshots.put(snapshotOf(7, 7, { subject: `${track}-2` }));
        for (const limit of [0, -1, Number.NaN]) {
          await expect(snapshots.list({ limit })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
        }
        const first = await snapshots.list({ subject: track, limit: 3 });
        const rest = await snapshots.list({ subject: track, limit: 3, after: first.at(-1)?.id ?? '' });
        expect([versionsOf(first), versionsOf(rest)]).toEqual([
          [1, 2, 3],
          [4, 5],
        ]);
        expect((await snapshots.list()).length).toBe(7);
      }));

    it.each(['', 'a\u0000b', '\ud800', 'x'.repeat(300)])('refuses %j as a subject', (subject) =>
      using(async ({ snapshots }) => {
        expect(await codeOf(snapshots.put(snapshotOf(1, 1, { subject })))).toBe('ID_INVALID');
        expect(await codeOf(snapshots.latest(subject))).toBe('ID_INVALID');
      }),
    );

    it.each(['__proto__', 'a@b', '%41', '../../etc', 'ä/é'])('keeps the subject %j apart', (subject) =>
      using(async ({ snapshots }) => {
        await snapshots.put(snapshotOf(1, 'mine', { subject }));
        await snapshots.put(snapshotOf(2, 'theirs', { subject: `${subject}@` }));
        const head = await snapshots.latest(subject);
        expect([head?.subject, head && (await snapshots.read(head.id))]).toEqual([subject, 'mine']);
      }),
    );

    it.each([
      '',
      'a\u0000b',
      '\ud800',
      '__proto__',
      '../../etc/passwd',
      `${encodeURIComponent(track)}@`,
      'x'.repeat(5_000),
    ])('has no snapshot %j, and none goes when it is removed', (id) =>
      using(async ({ snapshots }) => {
        await snapshots.put(snapshotOf(1, 'kept'));
        expect(await codeOf(snapshots.read(id))).toBe('ARTIFACT_NOT_FOUND');
        expect(await codeOf(snapshots.pin(id, true))).toBe('ARTIFACT_NOT_FOUND');
        expect(await codeOf(snapshots.remove(id))).toBeUndefined();
        expect(versionsOf(await snapshots.list())).toEqual([1]);
      }),
    );

    it.each<readonly [string, Partial<New>]>([
      ['a version below 0', { version: -1 }],
      ['a seq that is no whole number', { seq: 1.5 }],
      ['a version of a fold that is no number', { foldVersion: Number.NaN }],
      ['artifacts whose ids are none', { artifacts: [`sha256:${'A'.repeat(64)}`] }],
      // @ts-expect-error no kind, on purpose
      ['another kind', { kind: 'other' }],
    ])('refuses %s, and keeps nothing of it', (_what, more) =>
      using(async ({ snapshots, written }) => {
        expect(await codeOf(snapshots.put(snapshotOf(1, 'state', more)))).toBe('VALIDATION_FAILED');
        expect([await snapshots.list(), written()]).toEqual([[], 0]);
      }),
    );

    it('refuses to keep a number of snapshots that is none', () =>
      using(async ({ snapshots }) => {
        await snapshots.put(snapshotOf(1, 'kept'));
        for (const keep of [-1, 0.5, Number.NaN, Infinity])
          expect(await codeOf(snapshots.prune({ subject: track, keep }))).toBe('VALIDATION_FAILED');
        expect(versionsOf(await snapshots.list())).toEqual([1]);
      }));

    it('refuses what canonical JSON cannot say, and keeps nothing of it', () =>
      using(async ({ snapshots }) => {
        for (const state of [Number.NaN, { a: undefined }, new Map(), JSON.parse('{"__proto__":{"a":1}}')])
          expect(await codeOf(snapshots.put(snapshotOf(1, state as Json)))).toBe('VALIDATION_FAILED');
        expect(await snapshots.list()).toEqual([]);
      }));

    it('tells its kinds apart, packs with gzip, verifies by SHA-256, keeps what is pinned, and prunes to the newest ten [T-21]', () =>
      using(async ({ snapshots, artifacts, written, damage }) => {
        const text = prose(40_000, 7);
        const first = await snapshots.put(snapshotOf(1, text, { kind: 'checkpoint', pinned: true }));
        expect(written()).toBeLessThan(0.35 * text.length);
        for (let version = 2; version <= 14; version += 1) await snapshots.put(snapshotOf(version, { text, version }));
        const versionOf = async (kind: SnapshotHead['kind']) => (await snapshots.latest(track, { kind }))?.version;
        expect([await versionOf('checkpoint'), await versionOf('fold')]).toEqual([1, 14]);
        expect(await codeOf(snapshots.remove(first.id))).toBe('SNAPSHOT_PINNED');

        const pruned = await snapshots.prune({ subject: track, keep: 10 });
        expect(pruned).toHaveLength(3);
        expect(versionsOf(await snapshots.list({ subject: track }))).toEqual([1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
        expect(await snapshots.prune({ subject: track, keep: 10 })).toEqual([]);
        expect(await snapshots.read(first.id)).toBe(text);

        // Whatever the driver puts is gzip: RFC 1952 begins so.
        const bodies = await artifactsOf(artifacts);
        expect(bodies.every(([one, two]) => one === 0x1f && two === 0x8b)).toBe(true);

        damage();
        for (const { id } of await snapshots.list()) expect(await codeOf(snapshots.read(id))).toBe('SNAPSHOT_CORRUPT');
      }));

    it('keeps the last five checkpoints of each run, refuses a damaged one, and restores any other as it was', () =>
      using(async ({ snapshots, damage }) => {
        const runs = ['run/run_1', 'run/run_2'];
        const stateAt = (subject: string, step: number): Json => ({
          subject,
          step,
          done: Array.from({ length: step }, (_, index) => `task ${index}`),
        });
        for (let step = 1; step <= 8; step += 1)
          for (const subject of runs) {
            const about = { subject, kind: 'checkpoint', label: `step ${step}` } as const;
            await snapshots.put(snapshotOf(step, stateAt(subject, step), about));
            await snapshots.prune({ subject, keep: 5 });
          }
        for (const subject of runs) {
          const kept = await snapshots.list({ subject });
          expect(kept.map(({ label }) => label)).toEqual(['step 4', 'step 5', 'step 6', 'step 7', 'step 8']);
          for (const { id, version } of kept) expect(await snapshots.read(id)).toEqual(stateAt(subject, version));
        }
        damage();
        for (const { id } of await snapshots.list()) expect(await codeOf(snapshots.read(id))).toBe('SNAPSHOT_CORRUPT');
      }));

    it('does not take the sound bytes of another snapshot for its own', () =>
      using(async ({ snapshots, confuse }) => {
        const { id } = await snapshots.put(snapshotOf(1, 'aaaa', { subject: 'track/a' }));
        const other = await snapshots.put(snapshotOf(1, 'bbbb', { subject: 'track/b' }));
        confuse();
        expect(await codeOf(snapshots.read(id))).toBe('SNAPSHOT_CORRUPT');
        expect(await snapshots.read(other.id)).toBe('bbbb');
      }));

    it('pins and unpins, and lets go of what is no longer pinned', () =>
      using(async ({ snapshots }) => {
        const { id } = await snapshots.put(snapshotOf(1, 'a'));
        await snapshots.pin(id, true);
        expect(await snapshots.latest(track)).toMatchObject({ pinned: true });
        expect(await codeOf(snapshots.remove(id))).toBe('SNAPSHOT_PINNED');
        await snapshots.pin(id, false);
        await snapshots.remove(id);
        expect(await snapshots.list()).toEqual([]);
        await snapshots.remove(id); // idempotent
        expect(await codeOf(snapshots.read(id))).toBe('ARTIFACT_NOT_FOUND');
        expect(await codeOf(snapshots.pin(id, true))).toBe('ARTIFACT_NOT_FOUND');
      }));

    it('stores of a changed state little more than the change', () =>
      using(async ({ snapshots, written }) => {
        const texts = Array.from({ length: 100 }, (_, index) => prose(1_500, index + 1));
        await snapshots.put(snapshotOf(1, { texts }));
        const first = written();
        const changed = texts.with(40, prose(1_500, 999));
        const { id } = await snapshots.put(snapshotOf(2, { texts: changed }));
        expect(written() - first).toBeLessThanOrEqual(0.02 * first);
        expect(await snapshots.read(id)).toEqual({ texts: changed });
      }));

    it('reads one that shares bytes with another after that one was removed', () =>
      using(async ({ snapshots }) => {
        const text = prose(30_000, 3);
        const first = await snapshots.put(snapshotOf(1, { text, n: 1 }));
        const second = await snapshots.put(snapshotOf(2, { text, n: 2 }));
        await snapshots.remove(first.id);
        const third = await snapshots.put(snapshotOf(3, { text, n: 3 }));
        expect(await snapshots.read(second.id)).toEqual({ text, n: 2 });
        expect(await snapshots.read(third.id)).toEqual({ text, n: 3 });
      }));

    it('builds on nothing that is damaged', () =>
      using(async ({ snapshots, artifacts, clock }) => {
        const text = prose(30_000, 5);
        await snapshots.put(snapshotOf(1, { text, n: 1 }));
        await clock.advance(48 * hour);
        await artifacts.sweep(() => false, { olderThanMs: hour }); // the bytes of the first are lost
        const { id } = await snapshots.put(snapshotOf(2, { text, n: 2 }));
        expect(await snapshots.read(id)).toEqual({ text, n: 2 });
      }));

    it('loses none of many puts, pins and prunings at once', () =>
      using(async ({ snapshots }) => {
        const { id } = await snapshots.put(snapshotOf(1, 'base'));
        await Promise.all([
          ...Array.from({ length: 8 }, (_, index) => snapshots.put(snapshotOf(index + 2, prose(3_000, index)))),
          snapshots.pin(id, true),
          snapshots.prune({ subject: track, keep: 20 }),
        ]);
        const heads = await snapshots.list({ subject: track });
        expect(versionsOf(heads).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(heads.find(({ version }) => version === 1)?.pinned).toBe(true);
        for (const head of heads) expect(await codeOf(snapshots.read(head.id))).toBeUndefined();
      }));

    it('rejects with the reason of a signal that has aborted', () =>
      using(async ({ snapshots }) => {
        const { id } = await snapshots.put(snapshotOf(1, 'a'));
        const signal = AbortSignal.abort(new Error('enough'));
        await expect(snapshots.put(snapshotOf(2, 'b'), { signal })).rejects.toThrow('enough');
        await expect(snapshots.latest(track, { signal })).rejects.toThrow('enough');
        await expect(snapshots.read(id, { signal })).rejects.toThrow('enough');
        await expect(snapshots.list({ signal })).rejects.toThrow('enough');
        expect(versionsOf(await snapshots.list())).toEqual([1]);
      }));
  });
}

/** The first bytes of everything that is stored: a sweep is asked about each. */
async function artifactsOf(artifacts: Artifacts): Promise<readonly Uint8Array[]> {
  const ids: string[] = [];
  await artifacts.sweep((id) => ids.push(id) > 0, { olderThanMs: -hour });
  const found: Uint8Array[] = [];
  for (const id of ids) for await (const part of artifacts.get(id, { to: 2 })) found.push(part);
  return found;
}
