import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtCommand } from './built-command.js';
import type { Place } from './built-command.js';

let place: Place;
beforeEach(async () => {
  place = await builtCommand();
});
afterEach(() => {
  lock({ writable: true });
  place.remove();
});

/** Everybody may look; nobody, or only the owner, may write. */
function lock({ writable }: { readonly writable: boolean }): void {
  for (const name of ['', ...readdirSync(place.dir, { recursive: true }).map(String)]) {
    const isFolder = statSync(place.path(name)).isDirectory();
    chmodSync(place.path(name), (isFolder ? 0o555 : 0o444) | (writable ? 0o200 : 0));
  }
}

/** Modes do not bind root: it looks as somebody else. */
const user = process.getuid?.() === 0 ? { user: 65_534 } : {};
const look = (...argv: readonly string[]) => place.start(argv, user).ended;
const momentary = 'is read as it is now';

describe('a project that this user may read and not write', () => {
  it('is shown by the commands that read, which say that they see the state of a moment', async () => {
    // As the last one who had it open leaves it.
    for (const beside of ['wal', 'shm']) rmSync(place.path(`.conductor/conductor.db-${beside}`), { force: true });
    lock({ writable: false });
    const before = readdirSync(place.path('.conductor')).sort();
    for (const command of ['status', 'list', 'log', 'export', 'doctor --deep']) {
      const { exitCode, stdout, stderr } = await look(...command.split(' '));
      expect([command, exitCode, stderr.split(momentary).length - 1]).toEqual([command, 0, 1]);
      expect(stdout).not.toBe('');
    }
    expect((await look('status', '--json')).stdout).toContain('"name":"Files"');
    expect(readdirSync(place.path('.conductor')).sort()).toEqual(before);
  });

  it('is refused to the commands that write: STORE_READ_ONLY', async () => {
    lock({ writable: false });
    for (const argv of [['new', 'More'], ['run'], ['tidy']]) {
      const { exitCode, stderr } = await look(...argv);
      expect([exitCode, stderr]).toEqual([10, expect.stringContaining('error STORE_READ_ONLY')]);
    }
  });

  it('is read with what a killed writer left in the log beside it; without the index of that log it is refused', async () => {
    const writer = place.start(['status', '--watch', '--json']);
    await writer.line(/"status"/u);
    await place.run('new', 'Left behind');
    writer.child.kill('SIGKILL');
    await writer.ended;
    place.write('.conductor/conductor.db-wal', 'x'.repeat(8_192)); // no frame of a log: nothing of it counts
    lock({ writable: false });
    const { exitCode, stdout, stderr } = await look('list');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('left-behind');
    lock({ writable: true });
    rmSync(place.path('.conductor/conductor.db-shm'));
    lock({ writable: false });
    const refused = await look('list');
    expect(refused).toMatchObject({ exitCode: 10, stderr: expect.stringContaining('conductor.db-wal holds commits') });
  });

  it('shows the tracks that lie in it when there is no log', async () => {
    rmSync(place.path('.conductor'), { recursive: true });
    lock({ writable: false });
    const { exitCode, stdout, stderr } = await look('list');
    expect([exitCode, stdout, stderr]).toEqual([0, expect.stringContaining('files'), '']);
    expect(await look('new', 'More')).toMatchObject({ exitCode: 10, stderr: expect.stringContaining('no store yet') });
  });

  it.skipIf(process.getuid?.() !== 0)('says what is missing where its state may not be read either', async () => {
    lock({ writable: false });
    chmodSync(place.path('.conductor'), 0o700);
    const { exitCode, stderr } = await look('status');
    expect([exitCode, stderr]).toEqual([10, expect.stringContaining('error STORE_READ_ONLY')]);
    expect(stderr).toContain('hint: Run this as its owner');
  });
});
