import { ConductorError } from '@conductor/core';
import type { GoResult } from '@conductor/core/api';
import { intents, isNoGoal, readGoal } from '@conductor/core/goal';
import type { Project } from '@conductor/node';
import type { CommandContext, CommandSpec } from '../command.js';
import { exitOfRun } from '../exits.js';
import { findTrack } from '../find-track.js';
import { choiceOption, textOption } from '../flags.js';
import { followRun } from '../follow-run.js';
import type { RunEnd } from '../follow-run.js';
import { usage } from '../output.js';
import { plain } from '../plain-text.js';
import { runReport } from '../run-report.js';
import { whereFlag } from '../where.js';
import { withProject } from '../with-project.js';

export const goCommand: CommandSpec = {
  name: 'go',
  description: 'say what shall be true: finds or makes its track, and runs it',
  streaming: true,
  runner: true,
  arguments: [{ usage: '[goal]', description: 'in your own words; default: go on with the active track' }],
  options: [
    ['--track <id>', 'go on with this track'],
    ['--intent <intent>', `it is new work: ${intents.join(', ')}`],
    ['--no-run', 'only find or make the track'],
  ],
  async run(context, [goal], options) {
    const wanted = textOption(options, 'track');
    const intent = choiceOption(options, 'intent', '--intent', intents);
    if (intent !== undefined && goal === undefined)
      throw usage('--intent needs a goal', `conductor go "<what shall be true afterwards>" --intent ${intent}`);
    if (intent !== undefined && wanted !== undefined)
      throw usage('--intent asks for a new track, --track for one that is there', `conductor go --track ${wanted}`);
    return withProject(context, async (project) => {
      const where = whereFlag(context, project.root);
      const trackId = wanted === undefined ? undefined : (await findTrack(project, wanted)).id;
      if (goal !== undefined && trackId === undefined && mayWrite(project))
        context.out.note('Reading the goal. An agent writes the spec of a new track, which may take a while.');
      const found = await project.api.tracks
        .go({ goal, trackId, intent }, { signal: context.signal })
        .catch(async (error: unknown) => {
          throw context.signal.aborted ? interrupted(context, where) : await withAnswers(error, goal, where);
        });
      const kept = ownWords(project, found, goal);
      if (kept !== undefined) context.out.note(kept);
      return options['run'] === false ? told(context, project, found, where) : runFound(context, project, found, where);
    });
  },
};

/** Whether an agent may be asked for a spec: that of the role, or one for everything. */
function mayWrite({ config: { agents } }: Project): boolean {
  if (typeof agents !== 'object') return agents !== undefined;
  return ['scribe', 'default', 'command', 'run'].some((key) => key in agents);
}

function told({ out }: CommandContext, project: Project, found: GoResult, where: string): number {
  out.end({ ...found }, `${introduction(project, found)}\n\nNext: conductor run${where} ${found.track.id}`);
  return 0;
}

async function runFound(context: CommandContext, project: Project, found: GoResult, where: string): Promise<number> {
  const { out } = context;
  out.line('status', { ...found }, introduction(project, found));
  const end = await followRun(context, project, found.track.id, {}).catch((error: unknown) => {
    throw waiting(error, found, where);
  });
  const { where: _, ...fields } = end;
  out.end({ ...found, ...fields } satisfies GoResult & Omit<RunEnd, 'where'>, runReport(end));
  return exitOfRun(end.track);
}

function introduction({ folder }: Project, { action, intent, complexity, track }: GoResult): string {
  if (action === 'resumed') return `Going on with track ${track.id}: ${plain(track.name)}`;
  return `New track ${track.id} (${intent}, ${complexity})\n  ${folder}/tracks/${track.id}/spec.md`;
}

/** A track that is there goes on as it is: where a goal in other words led to it, these are in no file yet. */
function ownWords(
  { folder }: Project,
  { action, track: { id, name } }: GoResult,
  goal: string | undefined,
): string | undefined {
  if (action === 'created' || goal === undefined || isNoGoal(goal)) return undefined;
  if (readGoal(goal, { maxBytes: Infinity }).title === name) return undefined;
  return `The track goes on with its own goal. What is new in yours goes into ${folder}/tracks/${id}/spec.md, or with --intent into a track of its own.`;
}

/** What keeps a track from being run loses nothing of it: it waits, and this is how it goes on. */
function waiting(error: unknown, { track }: GoResult, where: string): unknown {
  const later = `conductor go${where} --track ${track.id}`;
  if (ConductorError.is(error, 'EXECUTOR_MISSING', 'COMMAND_MISSING')) {
    const { code, message, hint = '', details, retryable } = error;
    const again = `Then go on with: ${later}`;
    return new ConductorError(code, message, { hint: `${hint}\n${again}`.trim(), details, retryable, cause: error });
  }
  if (!ConductorError.is(error, 'ACTIVE_TRACK_EXISTS')) return error;
  return new ConductorError(error.code, `${error.message}. Track ${track.id} is kept and waits for its turn`, {
    hint: `Now: conductor switch${where} ${track.id}, then conductor run${where} ${track.id}. Later: ${later}`,
    details: { ...error.details, track: track.id },
    cause: error,
  });
}

/** The track is made before its spec is written, so that a goal is never lost. */
function interrupted({ signal }: CommandContext, where: string): ConductorError {
  const why = ConductorError.is(signal.reason) ? signal.reason.message : 'Interrupted';
  return new ConductorError('INTERRUPTED', `${why}; a track that was made for the goal is kept`, {
    hint: `The same command goes on with it; conductor list${where} shows it.`,
  });
}

/** With the commands that answer the question. */
async function withAnswers(error: unknown, goal: string | undefined, where: string): Promise<unknown> {
  if (!ConductorError.is(error, 'GOAL_AMBIGUOUS')) return error;
  const { GoalOption } = await import('@conductor/core/api');
  const given = error.details['options'];
  const options = (Array.isArray(given) ? given : []).flatMap((option) => GoalOption.safeParse(option).data ?? []);
  const answers = options.flatMap(({ trackId, intent, label }) => {
    const flag = trackId === undefined ? `${quoted(goal)} --intent ${intent ?? 'feature'}` : `--track ${trackId}`;
    return [`  ${plain(label)}:`, `    conductor go${where} ${flag}`];
  });
  return new ConductorError(error.code, error.message, {
    hint: ['Say which is meant, or say more.', ...answers].join('\n'),
    details: error.details,
    cause: error,
  });
}

const shownCharacters = 120;

/** A goal as a shell takes it; one that would fill the screen, or a line that is none, is not said again. */
function quoted(goal = ''): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (goal.length > shownCharacters || /[\u0000-\u001f\u007f]/u.test(goal)) return '"<the same goal>"';
  return /^[\w ,.:;()/äöüß-]*$/iu.test(goal) ? `"${goal}"` : `'${goal.replaceAll("'", "'\\''")}'`;
}
