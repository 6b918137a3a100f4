import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'conductor-thread-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// The rules of a store behind a port are proven by the whole suite, in one thread; this is the thread itself, as it is built.
it('a store in a thread runs a track, beside a store without one, and ends with the project', () => {
  const script = fileURLToPath(new URL('./threaded.mjs', import.meta.url));
  const said = execFileSync(process.execPath, ['--no-warnings', script, dir], { encoding: 'utf8', timeout: 60_000 });
  const found = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(found).toMatchObject({
    lifecycle: 'completed',
    doctor: { status: 'ok' },
    lists: [7, true],
    calledOff: 'Error: called off',
    closed: 'CLOSED',
    again: 'completed',
    damaged: 'STORE_CORRUPT',
  });
  expect((found['heard'] as readonly string[]).at(-1)).toBe('loop.stopped');
});
