// oxlint-disable-next-line no-restricted-imports -- the token is a secret; an id can be guessed and a fake foreseen
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { Project } from '@conductor/node';
import type { RunningServer } from '@conductor/server/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { eventData } from '../event-data.js';
import { exitOfError } from '../exits.js';
import { listOption, numberOption, textOption } from '../flags.js';
import type { Options } from '../flags.js';
import { stderrLogger } from '../logger.js';
import { usage } from '../output.js';
import { withProject } from '../with-project.js';

const defaultPort = 4270;
/** Of a token that guards more than this machine. */
const minTokenCharacters = 32;

export const serveCommand: CommandSpec = {
  name: 'serve',
  description: 'answer the API over HTTP, and go on with tracks whose question was answered',
  streaming: true,
  runner: true,
  options: [
    ['--host <address>', 'default 127.0.0.1: this machine alone'],
    ['--port <n>', `default ${defaultPort}; 0 = any free one`],
    ['--token-file <file>', 'the token that clients must send'],
    ['--allow-host <name...>', 'names by which clients call it'],
    ['--allow-origin <origin...>', 'web pages that may call it'],
    ['--no-resume', 'leave tracks alone whose question was answered'],
  ],
  async run(context, _args, options) {
    const wish = await readWish(context, options);
    return withProject(context, async (project) => {
      const server = await listen(context, project, wish);
      const file = join(project.stateDir, 'server.json');
      try {
        await publish(file, { url: server.url, ...(wish.minted && { token: wish.token }), pid: process.pid });
        tellWhere(context, server.url, wish.tokenFile ?? (wish.minted ? file : undefined));
        await (options['resume'] === false ? untilAborted(context.signal) : goOn(context, project));
      } finally {
        await server.close();
        await withdraw(file);
      }
      context.out.end({ url: server.url }, '');
      return exitOfError('INTERRUPTED');
    });
  },
};

async function listen({ out, signal, clock }: CommandContext, project: Project, wish: Wish): Promise<RunningServer> {
  const { bearerToken, createHandler } = await import('@conductor/server');
  const { serve } = await import('@conductor/server/node');
  const handler = createHandler(project, {
    authenticate: bearerToken(wish.token, { kind: 'user', id: userInfo().username }),
    allowHosts: wish.allowHosts,
    allowOrigins: wish.allowOrigins,
    clock,
    logger: stderrLogger(out),
  });
  try {
    return await serve(handler, { host: wish.host, port: wish.port, clock, signal });
  } catch (error) {
    await handler.close();
    throw error;
  }
}

/** The first line: where it listens, and where local clients find the token. Never the token itself. */
function tellWhere({ out }: CommandContext, url: string, tokenFile: string | undefined): void {
  const where = tokenFile === undefined ? '' : `  token in ${tokenFile}`;
  out.line('status', { url, ...(tokenFile !== undefined && { tokenFile }) }, `${url}${where}`);
}

interface Wish {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** The token is ours, so it is written where local clients find it. One from outside is never copied. */
  readonly minted: boolean;
  readonly tokenFile?: string | undefined;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
}

async function readWish({ cwd, environment }: CommandContext, options: Options): Promise<Wish> {
  const host = textOption(options, 'host') ?? '127.0.0.1';
  const port = numberOption(options, 'port', '--port') ?? defaultPort;
  const allowed = listOption(options, 'allowHost');
  const file = textOption(options, 'tokenFile');
  const given = file === undefined ? environment['CONDUCTOR_TOKEN'] : await tokenIn(resolve(cwd, file));
  const token = given === undefined || given === '' ? randomBytes(32).toString('base64url') : given;
  const minted = token !== given;
  if (!isLoopback(host)) {
    if (minted || token.length < minTokenCharacters) {
      throw usage(
        `On ${host} the token must come from outside and have ${minTokenCharacters} characters or more`,
        `conductor serve --host ${host} --token-file <file> --allow-host <name>`,
      );
    }
    if (allowed.length === 0)
      throw usage(
        `On ${host} it must be told by which names it is called`,
        `conductor serve --host ${host} --token-file <file> --allow-host <name>`,
      );
  }
  const tokenFile = file === undefined ? undefined : resolve(cwd, file);
  const { loopbackHosts } = await import('@conductor/server');
  return {
    host,
    port,
    token,
    minted,
    tokenFile,
    allowHosts: [...loopbackHosts, ...allowed],
    allowOrigins: listOption(options, 'allowOrigin'),
  };
}

async function tokenIn(path: string): Promise<string> {
  try {
    const token = (await readFile(path, 'utf8')).trim();
    if (token !== '') return token;
  } catch (cause) {
    throw new ConductorError('FILE_NOT_FOUND', `The token file ${path} cannot be read`, { cause, details: { path } });
  }
  throw new ConductorError('FILE_INVALID', `The token file ${path} is empty`, { details: { path } });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Where clients on this machine find url and token; only the owner may read it. */
async function publish(
  path: string,
  server: { readonly url: string; readonly token?: string; readonly pid: number },
): Promise<void> {
  await rm(path, { force: true }); // a file that is there would keep its mode
  await writeFile(path, `${JSON.stringify(server)}\n`, { mode: 0o600, flag: 'wx' });
}

/** Removes the file, unless another server has written its own meanwhile. */
async function withdraw(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => ''); // gone already
  if (text.includes(`"pid":${process.pid}}`)) await rm(path, { force: true });
}

/** A track whose question was answered goes on by itself. */
async function goOn({ signal, out }: CommandContext, { api }: Project): Promise<void> {
  try {
    for await (const { data, correlation } of api.events.follow({ types: ['decision.given'] }, { signal })) {
      if (correlation.track === undefined) continue;
      const approval = eventData(data).text('approvalId');
      // Its own process may hold it, or another question is open: then it goes on from there.
      await api.tracks
        .run(correlation.track)
        .catch((error: unknown) =>
          out.note(`Track ${correlation.track ?? ''} does not go on after ${approval}: ${String(error)}`),
        );
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
