import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtCommand } from '../../test/built-command.js';
import type { Place, StartOptions, Started } from '../../test/built-command.js';
import { configOf, parseLines } from '../../test/command-line.js';
import { outputSchemas } from '../../test/output-schemas.js';

let place: Place;
let running: Started[] = [];
beforeEach(async () => {
  place = await builtCommand();
  running = [];
});
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  place.remove();
});

/** A server on a free port, and the first line that it printed. */
async function serving(argv: readonly string[] = [], o: StartOptions = {}) {
  const server = place.start(['serve', '--port', '0', '--json', ...argv], o);
  running.push(server);
  const line = await server.line(/"url"/u);
  const first = outputSchemas.serve.parse(JSON.parse(line));
  return { server, ...first };
}

const get = (url: string, token?: string) =>
  fetch(`${url}/v1/tracks`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

const errorOf = (stdout: string) => outputSchemas.error.parse(parseLines(stdout).at(-1)).error.code;

describe('serve', () => {
  it('mints a token that only its owner may read, and takes it away at the end', async () => {
    const { server, url, tokenFile = '' } = await serving();
    expect(tokenFile).toBe(place.path('.conductor/server.json'));
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    const published = JSON.parse(readFileSync(tokenFile, 'utf8')) as { url: string; token: string; pid: number };
    expect(published).toMatchObject({ url, pid: server.child.pid });
    expect(published.token).toMatch(/^[\w-]{43}$/u);

    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    expect((await get(url)).status).toBe(401);
    expect((await get(url, 'wrong')).status).toBe(401);
    expect((await get(url, published.token)).status).toBe(200);

    server.child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await server.ended;
    expect(exitCode).toBe(130);
    expect(stdout + stderr).not.toContain(published.token);
    expect(existsSync(tokenFile)).toBe(false);
  });

  it('takes a token from outside and never writes it down', async () => {
    const token = 'a-token-from-outside';
    const { url, tokenFile } = await serving([], { env: { CONDUCTOR_TOKEN: token } });
    expect(tokenFile).toBeUndefined();
    expect((await get(url, token)).status).toBe(200);
    expect(readFileSync(place.path('.conductor/server.json'), 'utf8')).not.toContain(token);
    place.write('token', `${token}-2\n`);
    const second = await serving(['--token-file', 'token']);
    expect(second.tokenFile).toBe(place.path('token'));
    expect((await get(second.url, `${token}-2`)).status).toBe(200);
  });

  it('refuses a taken port, and more than this machine without a token and a name', async () => {
    const { url } = await serving();
    const taken = await place.run('serve', '--port', new URL(url).port, '--json');
    expect([errorOf(taken.stdout), taken.exitCode]).toEqual(['ADDRESS_IN_USE', 5]);
    const open = await place.run('serve', '--host', '0.0.0.0', '--json');
    expect([errorOf(open.stdout), open.exitCode]).toEqual(['USAGE', 2]);
  });

  it('answers only for the hosts and pages that it was told', async () => {
    const { url } = await serving([], { env: { CONDUCTOR_TOKEN: 'token' } });
    const headers = { authorization: 'Bearer token', origin: 'http://evil.invalid' };
    expect((await fetch(`${url}/v1/tracks`, { headers })).status).toBe(403);
  });

  it('goes on with a track whose question was answered', async () => {
    place.write('conductor.config.json', configOf('node', '-e', 'process.exit(1)'));
    const stopped = await place.run('run', '--json');
    expect(stopped.exitCode).toBe(4);
    const { approvals } = parseLines(stopped.stdout).at(-1) as { approvals: { id: string }[] }; // held to its schema elsewhere
    place.write('conductor.config.json', configOf('node', 'worker.mjs'));
    place.write('go', '');
    await serving();
    await place.run('approve', approvals[0]?.id ?? '', '--choice', 'retry');
    const ended = await place.inspect(async ({ api }) => {
      const [track] = (await api.tracks.list()).items;
      return api.tracks.waitFor(track?.id ?? '', 'completed');
    });
    expect(ended.lifecycle).toBe('completed');
  });
});
