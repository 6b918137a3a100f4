import { ConductorError, instant } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { ArtifactRef, ArtifactsApi, DoctorCheck, SystemApi } from '@conductor/core/api';
import type { ActorRef } from '@conductor/core/ports';
import { requireAllowed } from '../authorize.js';
import type { EngineContext } from '../engine-context.js';
import { foldersCheck } from '../import/folders-check.js';
import type { Imports } from '../import/import-tracks.js';
import { loadProject, loadTrack } from '../load.js';

export function systemApi(engine: EngineContext, actor: ActorRef, imports: Pick<Imports, 'refused'>): SystemApi {
  return {
    async health() {
      return { status: 'ok', apiVersion: 1, version: engine.version, seq: await engine.store.head() };
    },
    async doctor() {
      await requireAllowed(engine, actor, 'system.doctor', 'project');
      const checks = [
        await storeCheck(engine),
        await tracksCheck(engine),
        await foldersCheck(engine, imports),
        await repositoryCheck(engine),
        await viewsCheck(engine),
      ];
      return { ok: checks.every(({ status }) => status !== 'fail'), checks };
    },
  };
}

export function artifactsApi(engine: EngineContext, actor: ActorRef): ArtifactsApi {
  return {
    async get(id, o = {}) {
      await requireAllowed(engine, actor, 'artifacts.get', `artifact/${id}`);
      if (!/^sha256:[0-9a-f]{64}$/u.test(id))
        throw new ConductorError('ID_INVALID', `${JSON.stringify(id.slice(0, 100))} is no artifact id`, {
          hint: 'sha256:<64 hex digits>',
        });
      const chunks: Uint8Array[] = [];
      for await (const chunk of engine.artifacts.get(id, { signal: o.signal })) chunks.push(chunk);
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const ref: ArtifactRef = {
        id: id as `sha256:${string}`,
        bytes,
        mediaType: 'application/octet-stream',
        kind: 'artifact',
        at: instant(engine.clock.now()),
      }; // matched above
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const next = chunks.shift();
          if (next) controller.enqueue(next);
          else controller.close();
        },
      });
      return { ref, body };
    },
  };
}

async function storeCheck({ store }: EngineContext): Promise<DoctorCheck> {
  const head = await store.head();
  let seen = 0;
  for await (const page of store.readAll()) for (const { seq } of page) if (seq === seen + 1) seen = seq;
  const whole = seen === head;
  return {
    id: 'store',
    status: whole ? 'ok' : 'fail',
    message: whole
      ? `${store.driver.name}: ${head} events without a gap`
      : `${store.driver.name}: the log breaks after event ${seen} of ${head}`,
  };
}

async function tracksCheck(engine: EngineContext): Promise<DoctorCheck> {
  const { tracks } = await loadProject(engine.store);
  const degraded: string[] = [];
  for (const id of tracks.keys()) if ((await loadTrack(engine.store, id)).degraded) degraded.push(id);
  const folded = tracks.size === 1 ? '1 track folds' : `${tracks.size} tracks fold`;
  if (degraded.length === 0) return { id: 'tracks', status: 'ok', message: folded };
  return {
    id: 'tracks',
    status: 'fail',
    message: `Written by a newer version: ${degraded.join(', ')}`,
    hint: 'Upgrade Conductor.',
  };
}

async function repositoryCheck({ repository, git }: EngineContext): Promise<DoctorCheck> {
  if (!repository || git === 'off') return { id: 'git', status: 'skip', message: 'Work is not committed here' };
  const { kind, branch } = await repository.status();
  if (kind === 'none')
    return {
      id: 'git',
      status: 'warn',
      message: 'Not a git work tree: tasks complete without a commit',
      hint: 'git init',
    };
  const fine = kind === 'ready' || kind === 'empty';
  return { id: 'git', status: fine ? 'ok' : 'warn', message: `${kind}${branch === undefined ? '' : ` on ${branch}`}` };
}

/** Every view that the log can render is there and says what the log says; anything else is rendered again by a run or `--fix`. */
async function viewsCheck(engine: EngineContext): Promise<DoctorCheck> {
  const { tracks } = await loadProject(engine.store);
  const odd: string[] = [];
  for (const id of tracks.keys()) {
    for (const { path, pending } of await engine.views.known(id)) {
      const bytes = await engine.workspace.read(path);
      if (!bytes || sha256Hex(bytes) !== pending) odd.push(path);
    }
  }
  if (odd.length === 0) return { id: 'views', status: 'ok', message: 'The files say what the log says' };
  return {
    id: 'views',
    status: 'warn',
    message: `Not as written: ${odd.slice(0, 5).join(', ')}`,
    hint: 'Edited by hand: their text stays. Missing: the next run writes it again.',
  };
}
