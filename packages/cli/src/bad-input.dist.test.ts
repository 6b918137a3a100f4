import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventEnvelope } from '@conductor/core/ports';
import { builtCommand, eventsOf } from '../test/built-command.js';
import type { Ended, Place, Started } from '../test/built-command.js';
import { configOf, parseLines, planOf } from '../test/command-line.js';

// Every way in which input, machine and person go wrong: one clear error with code and hint, a documented exit code, nothing
// lost. Real processes from built packages; what is checked is in the log and in the files.

interface Row {
  readonly name: string;
  /** Makes it go wrong and resolves with how the command ended. */
  readonly fault: (place: Place) => Promise<Ended>;
  /** Of the last line with --json; absent: no error at all. */
  readonly code?: string;
  readonly exit: number;
  /** Types of events after those from before the fault, in order, others between them; `[]`: the log is as it was. */
  readonly log: readonly string[];
  /** Takes the fault away. */
  readonly mend?: (place: Place) => unknown;
}

const json = (place: Place, ...argv: readonly string[]) => place.run(...argv, '--json');

/** A run, and what happens to it while its second task is at work. */
async function whileRunning(place: Place, happens: (run: Started) => void | Promise<void>): Promise<Ended> {
  const run = place.start(['run', '--json']);
  await run.line(/"task\.started".*"1\.2"/u);
  await happens(run);
  return run.ended;
}

const interrupted = ['task.completed', 'task.started', 'task.interrupted', 'loop.stopped'];
/** A user who owns nothing here: root is bound by no mode of a folder. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

const rows: readonly Row[] = [
  {
    name: 'an unknown track',
    fault: (place) => json(place, 'run', 'no-such-track'),
    code: 'TRACK_NOT_FOUND',
    exit: 3,
    log: [],
  },
  {
    name: 'a plan that is no plan',
    fault: (place) => {
      place.write('broken.md', 'Nothing to do here.\n');
      return json(place, 'new', 'Broken', '--plan', 'broken.md');
    },
    code: 'PLAN_INVALID',
    exit: 1,
    log: [],
  },
  {
    name: 'a plan that goes round in a circle, and nobody to mend it',
    fault: async (place) => {
      const circle = `${planOf('a.txt', 'b.txt')}\n\`\`\`yaml\ndag:\n  nodes:\n    - { id: '1.1', depends_on: ['1.2'] }\n    - { id: '1.2', depends_on: ['1.1'] }\n\`\`\`\n`;
      await place.inspect(({ api }) => api.tracks.create({ name: 'Circle', plan: circle }));
      return json(place, 'run', 'circle');
    },
    code: 'EXECUTOR_MISSING',
    exit: 3,
    log: ['track.created', 'loop.started', 'step.failed', 'loop.stopped'],
    mend: (place) =>
      place.inspect(async ({ api }) =>
        api.tracks.cancel((await api.tracks.list({ text: 'circle' })).items[0]?.id ?? ''),
      ),
  },
  {
    name: 'an agent that nobody handed in',
    fault: (place) => {
      place.write('conductor.config.json', '{}');
      return json(place, 'run');
    },
    code: 'EXECUTOR_MISSING',
    exit: 3,
    log: ['loop.started', 'step.started', 'loop.stopped'],
    mend: (place) => place.write('conductor.config.json', configOf('node', 'worker.mjs')),
  },
  {
    name: "an agent's program that is not there",
    fault: (place) => {
      place.write('conductor.config.json', configOf('no-such-program'));
      return json(place, 'run');
    },
    code: 'COMMAND_MISSING',
    exit: 3,
    log: ['loop.started', 'task.started', 'task.interrupted', 'loop.stopped'],
    mend: (place) => place.write('conductor.config.json', configOf('node', 'worker.mjs')),
  },
  {
    name: 'a configuration that cannot be read',
    fault: (place) => {
      place.write('conductor.config.json', '{ "agents": ');
      return json(place, 'run');
    },
    code: 'CONFIG_INVALID',
    exit: 2,
    log: [],
    mend: (place) => place.write('conductor.config.json', configOf('node', 'worker.mjs')),
  },
  {
    name: 'a full disk: no more pages in the database',
    fault: (place) => {
      place.write('go', '');
      const env = { MAX_PAGES: String(place.pages() + 2) };
      return place.start(['run', '--json'], { preload: true, env }).ended;
    },
    code: 'STORE_FULL',
    exit: 10,
    log: [],
  },
  {
    name: 'a full disk: no file may grow any more (ulimit -f)',
    fault: (place) => {
      place.write('go', '');
      const blocks = place.pages() * 8 + 40; // of 512 bytes, a little above what is there
      return place.start(['run', '--json'], { via: ['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh'] }).ended;
    },
    code: 'STORE_FULL',
    exit: 10,
    log: [],
  },
  {
    name: 'a folder that may not be written',
    fault: async (place) => {
      if (isRoot) return place.start(['run', '--json'], { user: nobody }).ended;
      chmodSync(place.path('.conductor'), 0o500);
      const ended = await json(place, 'run');
      chmodSync(place.path('.conductor'), 0o700);
      return ended;
    },
    code: 'STORE_READ_ONLY',
    exit: 10,
    log: [],
  },
  {
    name: 'a database that is none',
    fault: async (place) => {
      copyFileSync(place.path('.conductor/conductor.db'), place.path('copy.db'));
      const garbage = 'This was a database once. '.repeat(400);
      place.write('.conductor/conductor.db', garbage);
      const ended = await json(place, 'run');
      expect(readFileSync(place.path('.conductor/conductor.db'), 'utf8')).toBe(garbage); // evidence is not touched
      copyFileSync(place.path('copy.db'), place.path('.conductor/conductor.db'));
      return ended;
    },
    code: 'STORE_CORRUPT',
    exit: 10,
    log: [],
  },
  {
    name: 'two runs of one track at once: the second one',
    fault: async (place) => {
      let second: Ended | undefined;
      const first = await whileRunning(place, async () => {
        second = await json(place, 'run');
        place.write('go', '');
      });
      expect(first.exitCode).toBe(0);
      if (!second) throw new Error('There was no second run');
      return second;
    },
    code: 'TRACK_HELD',
    exit: 5,
    log: ['loop.started', 'track.completed', 'loop.stopped'],
  },
  ...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal): Row => ({
    name: { SIGINT: 'Ctrl-C', SIGTERM: 'a polite kill', SIGHUP: 'a closed terminal' }[signal],
    fault: (place) => whileRunning(place, ({ child }) => void child.kill(signal)),
    code: 'INTERRUPTED',
    exit: 130,
    log: interrupted,
  })),
  {
    name: 'Ctrl-C twice, before a worker that will not end',
    fault: async (place) => {
      place.write(
        'stubborn.mjs',
        `process.on('SIGTERM', () => {});\n${readFileSync(place.path('worker.mjs'), 'utf8')}`,
      );
      place.write('conductor.config.json', configOf('node', 'stubborn.mjs'));
      return whileRunning(place, async ({ child }) => {
        const told = new Promise<void>((resolve) => child.stderr.once('data', () => resolve()));
        child.kill('SIGINT');
        await told;
        // Within a third of a second it would be taken for the echo of the first one.
        const again = setInterval(() => child.kill('SIGINT'), 400);
        child.once('exit', () => clearInterval(again));
      });
    },
    code: 'INTERRUPTED',
    exit: 130,
    log: interrupted,
  },
  {
    name: 'nobody who reads a run any more (EPIPE)',
    fault: async (place) => {
      const run = place.start(['run']);
      await run.line(/Task 1\.1 begins/u);
      run.child.stdout.destroy();
      return run.ended;
    },
    code: 'INTERRUPTED',
    exit: 130,
    log: ['loop.started', 'loop.stopped'],
  },
  {
    name: 'nobody who reads a log any more (EPIPE)',
    fault: async (place) => {
      const run = place.start(['log', '--follow']);
      await run.line(/track\.created/u);
      run.child.stdout.destroy();
      // The next line finds nobody.
      await place.inspect(({ api }) => api.tracks.create({ goal: 'Something to write' }));
      return run.ended;
    },
    exit: 0,
    log: ['track.created'],
  },
];

/** `wanted` in this order, others between them. */
function inOrder(types: readonly string[], wanted: readonly string[]): boolean {
  let at = 0;
  for (const type of types) if (type === wanted[at]) at += 1;
  return at === wanted.length;
}

/** As JSON on stdout, or in words on stderr. */
function errorOf({
  stdout,
  stderr,
}: Ended): { readonly code: string; readonly message: string; readonly hint: string } | undefined {
  if (stdout.startsWith('{')) {
    const last = parseLines(stdout).at(-1) as { error?: { code: string; message: string; hint: string } } | undefined; // held to its schema elsewhere
    return last?.error;
  }
  const [, code = '', message = '', hint = ''] = /^error ([A-Z_]+): (.+)\nhint: (.+)$/mu.exec(stderr) ?? [];
  return code === '' ? undefined : { code, message, hint };
}

const completed = (events: readonly EventEnvelope[]) =>
  events.filter(({ type }) => type === 'task.completed').map(({ data }) => (data as { taskId: string }).taskId);
const occurrences = (list: readonly string[], item: string) => list.filter((other) => other === item).length;

let place: Place;
beforeEach(async () => {
  place = await builtCommand();
});
afterEach(() => place.remove());

describe('bad input', () => {
  const titled = rows.map((row) => [`${row.name}: ${row.code ?? 'no error'}, exit ${row.exit}`, row] as const);
  it.each(titled)('%s, and nothing is lost', async (_title, { fault, code, exit, log, mend }) => {
    const before = await place.log();
    const ended = await fault(place);

    expect(ended.exitCode, `${ended.stdout}\n${ended.stderr}`).toBe(exit);
    const error = errorOf(ended);
    expect(error?.code).toBe(code);
    if (error) expect([error.message, error.hint]).not.toContain('');
    expect(ended.stderr).not.toMatch(/\n\s+at |Unhandled|Warning/u); // never a stack

    expect(place.processes()).toEqual([]); // no worker lives on

    // The log has no gap, holds all that stood in it, and all that the run had told before it ended.
    const after = await place.log();
    expect(after.map(({ seq }) => seq)).toEqual(after.map((_, index) => index + 1));
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after).toEqual(expect.arrayContaining([...eventsOf(ended.stdout)]));
    const fresh = after.slice(before.length).map(({ type }) => type);
    expect(inOrder(fresh, log), fresh.join(' ')).toBe(true);

    // The same track goes on to its end, and nothing that was finished is done again.
    const finished = completed(after);
    const effects = place.effects();
    await mend?.(place);
    place.write('go', '');
    if (!after.some(({ type }) => type === 'track.completed')) {
      const resumed = await place.run('run', 'files', '--json');
      expect(resumed.exitCode, resumed.stdout.slice(-2000) + resumed.stderr).toBe(0);
    }
    const whole = await place.log();
    expect(completed(whole).toSorted()).toEqual(['1.1', '1.2']);
    for (const id of finished) expect(occurrences(place.effects(), id)).toBe(occurrences(effects, id));
    expect(await place.inspect(({ api }) => api.system.doctor())).toMatchObject({ ok: true });
  });
});
