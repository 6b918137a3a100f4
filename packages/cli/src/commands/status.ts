import type { Approval, PlanTaskJson, Track } from '@conductor/core/api';
import type { Project } from '@conductor/node';
import { ConductorError } from '@conductor/core';
import type { CommandContext, CommandSpec, Terminal } from '../command.js';
import { eventData } from '../event-data.js';
import { findTrack } from '../find-track.js';
import { createPainter } from '../live/painter.js';
import { cut } from '../plain-text.js';
import { statusText } from '../status-text.js';
import { whereFlag } from '../where.js';
import { lookAtProject, withProject } from '../with-project.js';

/** What `status` answers; `track` and what belongs to it are absent while no track is open. */
export interface ProjectStatus {
  readonly project: { readonly root: string; readonly folder: string };
  readonly track?: Track;
  readonly progress?: Track['progress'];
  readonly next?: Track['next'];
  /** Agent of the step that began last. */
  readonly agent?: string;
  /** Agents of the superpowers family, else those of the loop. */
  readonly superpower?: boolean;
  readonly usage?: Track['usage'];
  readonly conditions: Track['conditions'];
  readonly blockers: Track['blockers'];
  readonly approvals: readonly Approval[];
  readonly pending: readonly { readonly id: string; readonly text: string; readonly state: string }[];
  readonly others: readonly Pick<Track, 'id' | 'name' | 'lifecycle' | 'step' | 'stepStatus' | 'progress'>[];
}

export const statusCommand: CommandSpec = {
  name: 'status',
  description: 'where the active track stands, and what comes next',
  arguments: [{ usage: '[track]', description: 'default: the active one' }],
  options: [['--watch', 'show it again whenever something happened']],
  streaming: 'watch',
  async run(context, [wanted], options) {
    if (options['watch'] === true) return withProject(context, (project) => watch(context, project, wanted));
    return lookAtProject(context, async (project) => {
      const status = await statusOf(project, wanted);
      context.out.result({ ...status }, statusText(status, whereFlag(context, project.root)));
      return 0;
    });
  },
};

const tickMs = 200;

/** Shows it now and after each event, until it is interrupted. */
async function watch(context: CommandContext, project: Project, wanted: string | undefined): Promise<number> {
  const { out, signal } = context;
  const screen = context.terminal && watchedScreen(context, context.terminal);
  const tell = async () => {
    const status = await statusOf(project, wanted);
    const text = statusText(status, whereFlag(context, project.root));
    if (screen) screen.show(text);
    else out.line('status', { ...status }, `${text}\n`);
  };
  const { seq } = await project.api.system.health();
  try {
    await tell();
    for await (const _ of project.api.events.follow({ after: seq }, { signal })) await tell();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    screen?.end();
  }
  if (out.json) out.end({ ...(await statusOf(project, wanted)) }, '');
  return 0;
}

/** The text redrawn in place; also when only the size of the terminal has changed. */
function watchedScreen({ clock }: CommandContext, terminal: Terminal) {
  const painter = createPainter(terminal);
  const over = new AbortController();
  let shown: readonly string[] = [];
  const paint = () => {
    const { columns, rows } = terminal;
    painter.paint(shown.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns - 1)));
  };
  const keepPainting = async () => {
    for (;;) {
      await clock.sleep(tickMs, { signal: over.signal });
      paint();
    }
  };
  // Ends by the abort below, and only by that.
  keepPainting().catch(() => {});
  return {
    show(text: string) {
      shown = text.split('\n');
      paint();
    },
    end() {
      over.abort();
      painter.end();
    },
  };
}

export async function statusOf(project: Project, wanted: string | undefined): Promise<ProjectStatus> {
  const { everyItem } = await import('@conductor/core/api');
  const { api, root, folder } = project;
  const all: Track[] = [];
  for await (const item of everyItem((query, o) => api.tracks.list(query, o), {})) all.push(item);
  const track = await trackOf(project, wanted, all);
  const others = all
    .filter(({ id }) => id !== track?.id)
    .map(({ id, name, lifecycle, step, stepStatus, progress }) => ({
      id,
      name,
      lifecycle,
      step,
      stepStatus,
      progress,
    }));
  if (!track) return { project: { root, folder }, conditions: [], blockers: [], approvals: [], pending: [], others };
  const { items: approvals } = await api.approvals.list({ trackId: track.id, limit: 500 });
  return {
    project: { root, folder },
    track,
    progress: track.progress,
    next: track.next,
    ...(await agentOf(project, track.id)),
    usage: track.usage,
    conditions: track.conditions,
    blockers: track.blockers.filter(({ active }) => active),
    approvals,
    pending: await pendingTasks(project, track),
    others,
  };
}

/** Nothing to do is a status too: only a track that was asked for must exist. */
async function trackOf(
  project: Project,
  wanted: string | undefined,
  all: readonly Track[],
): Promise<Track | undefined> {
  try {
    return await findTrack(project, wanted);
  } catch (error) {
    if (wanted !== undefined || !ConductorError.is(error, 'TRACK_NOT_FOUND')) throw error;
    return all[0]; // newest change first
  }
}

async function agentOf(
  { api }: Project,
  trackId: string,
): Promise<{ readonly agent?: string; readonly superpower?: boolean }> {
  const query = { trackId, stream: `track/${trackId}`, order: 'desc' } as const;
  const { items: steps } = await api.events.list({ ...query, types: ['step.started'], limit: 20 });
  const { items: created } = await api.events.list({ ...query, types: ['track.created', 'track.imported'], limit: 1 });
  // COMPLETE is the engine's own work: the agent of the step before it is the last one.
  const agent = steps.map(({ data }) => eventData(data).text('agent')).find((name) => name !== '');
  const { items: changes } = await api.events.list({ ...query, types: ['track.configured'], limit: 200 });
  const switched = changes.map(({ data }) => (data as { superpower?: unknown }).superpower); // looked at below
  const superpower =
    switched.find((flag) => typeof flag === 'boolean') ??
    eventData(created[0]?.data).record('flags').flag('superpower');
  return { ...(agent !== undefined && { agent }), superpower };
}

async function pendingTasks({ api }: Project, { id, progress }: Track): Promise<ProjectStatus['pending']> {
  if (progress.total === 0) return [];
  const { plan } = await api.plans.get(id);
  const flat = (tasks: readonly PlanTaskJson[]): PlanTaskJson[] =>
    tasks.flatMap((task) => (task.children.length > 0 ? flat(task.children) : [task]));
  return flat(plan.phases.flatMap(({ tasks }) => tasks))
    .filter(({ state }) => state !== 'done' && state !== 'skipped')
    .map(({ id: task, text, state }) => ({ id: task, text, state }));
}
