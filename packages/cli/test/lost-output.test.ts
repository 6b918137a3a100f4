import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../src/main.js';
import { commandLine } from './command-line.js';
import type { CommandLine } from './command-line.js';
import { FakeHost, memoryStream } from './memory-streams.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
  await line.run('init');
});
afterEach(() => line.remove());

/** A stdout that takes nothing, as a full disk behind a redirect or a reader that has gone. */
function brokenStream(code: string): NodeJS.WriteStream {
  const write = (_chunk: unknown, _encoding: unknown, done: (error: Error) => void) =>
    done(Object.assign(new Error(`${code}: it takes nothing`), { code }));
  return Object.assign(new Writable({ write }), { isTTY: false }) as unknown as NodeJS.WriteStream; // all that is asked of one
}

async function withBroken(code: string, ...argv: readonly string[]) {
  const stderr = memoryStream();
  const environment = { HOME: line.dir };
  const stdout = brokenStream(code);
  const exitCode = await main({ argv, stdout, stderr, environment, cwd: line.dir, host: new FakeHost() });
  return { exitCode, stderr: stderr.text };
}

describe('an answer that cannot be written', () => {
  const commands = [
    'status',
    'status --json',
    'log',
    'export',
    'config show',
    'list --quiet',
    'new Second-track',
    '--help',
    '--version',
  ];

  it.each(commands)('ends %s with a code and a word on stderr', async (command) => {
    await line.run('new', 'First track');
    const { exitCode, stderr } = await withBroken('ENOSPC', ...command.split(' '));
    expect(exitCode).toBe(130);
    expect(stderr).toContain('error INTERRUPTED: The output cannot be written: ENOSPC');
    expect(stderr).toContain('hint: Look whether the disk');
    expect(stderr.match(/error INTERRUPTED/gu)).toHaveLength(1);
  });

  it.each(commands)('because nobody reads it any more ends %s quietly, with 0', async (command) => {
    await line.run('new', 'First track');
    expect(await withBroken('EPIPE', ...command.split(' '))).toEqual({ exitCode: 0, stderr: '' });
  });
});

describe('a bus whose server is away', () => {
  const addressed = JSON.stringify({ bus: 'nats://ann:s3cret@127.0.0.1:1' });

  it.each(['status', 'new Second-track', 'log'])('lets %s go on, and is told of once', async (command) => {
    await line.run('new', 'First track');
    await line.write('conductor.config.json', addressed);
    const { exitCode, stderr } = await line.run(...command.split(' '));
    expect(exitCode).toBe(0);
    expect(stderr).toContain('warning BUS_FAILED: No NATS server answers at 127.0.0.1:1');
    expect(stderr).toContain('hint: This goes on without the bus');
    expect(stderr.match(/BUS_FAILED/gu)).toHaveLength(1);
    expect(stderr).not.toContain('s3cret');
  });

  it('is told of with --json as well, beside the one document', async () => {
    await line.write('conductor.config.json', addressed);
    const { exitCode, stderr, documents } = await line.json('list', '--quiet');
    expect(exitCode).toBe(0);
    expect(documents).toMatchObject([{ tracks: [] }]);
    expect(stderr).toContain('warning BUS_FAILED');
  });
});
