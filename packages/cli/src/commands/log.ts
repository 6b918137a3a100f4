import type { EventQuery } from '@conductor/core/api';
import type { EventEnvelope } from '@conductor/core/ports';
import type { Project } from '@conductor/node';
import type { CommandSpec } from '../command.js';
import { eventLine } from '../event-line.js';
import { findTrack } from '../find-track.js';
import { numberOption, textOption } from '../flags.js';
import { lookAtProject, withProject } from '../with-project.js';

const pageItems = 500;

export const logCommand: CommandSpec = {
  name: 'log',
  description: 'what happened, event by event',
  streaming: true,
  arguments: [{ usage: '[track]', description: 'of this track; default: of the whole project' }],
  options: [
    ['--after <seq>', 'events after this one'],
    ['--tail <n>', 'the last n'],
    ['--type <glob>', "only these types: 'task.*'"],
    ['--follow', 'go on as they come'],
  ],
  async run(context, [wanted], options) {
    const { out, signal } = context;
    const after = numberOption(options, 'after', '--after') ?? 0;
    const tail = numberOption(options, 'tail', '--tail', 1);
    const type = textOption(options, 'type');
    const follows = options['follow'] === true;
    // What others write from now on is in the store, be it empty yet.
    return (follows ? withProject : lookAtProject)(context, async (project) => {
      const track = wanted === undefined ? undefined : await findTrack(project, wanted);
      const query = { ...(track && { trackId: track.id }), ...(type !== undefined && { types: [type] }), after };
      const { follow } = project.api.events;
      if (project.isPassing) out.note('Nothing was logged yet.');
      const feed = follows ? follow({ ...query, tail }, { signal }) : stored(project, query, tail);
      let lastSeq = after;
      try {
        for await (const event of feed) {
          signal.throwIfAborted();
          lastSeq = event.seq;
          out.line('event', { event }, eventLine(event));
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      out.end({ lastSeq }, '');
      return 0;
    });
  },
};

/** What is stored now, in order; with `tail` only the end of it, which is held in memory. */
async function* stored(
  { api, isPassing }: Project,
  query: EventQuery,
  tail: number | undefined,
): AsyncGenerator<EventEnvelope> {
  if (isPassing) return;
  // What is appended while this reads is not part of the answer.
  const { seq: head } = await api.system.health();
  if (tail === undefined) return yield* pages(api.events, { ...query, order: 'asc' }, head);
  const last: EventEnvelope[] = [];
  for await (const event of pages(api.events, { ...query, order: 'desc' }, head)) {
    if (last.unshift(event) >= tail) break;
  }
  yield* last;
}

type ListQuery = Parameters<Project['api']['events']['list']>[0];

async function* pages(events: Project['api']['events'], query: ListQuery, head: number): AsyncGenerator<EventEnvelope> {
  let cursor: string | undefined;
  do {
    const page = await events.list({ ...query, cursor, limit: pageItems });
    for (const event of page.items) if (event.seq <= head) yield event;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
