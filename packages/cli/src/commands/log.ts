import type { EventQuery } from '@conductor/core/api';
import type { CommandSpec } from '../command.js';
import { findTrack } from '../find-track.js';
import { numberOption, textOption } from '../flags.js';
import { eventLine } from '../event-line.js';

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
  async run({ open, out, signal }, [wanted], options) {
    const after = numberOption(options, 'after', '--after');
    const tail = numberOption(options, 'tail', '--tail', 1);
    const type = textOption(options, 'type');
    const project = await open();
    let lastSeq = after ?? 0;
    try {
      const track = wanted === undefined ? undefined : await findTrack(project, wanted);
      const query: EventQuery = { ...(track && { trackId: track.id }), ...(type !== undefined && { types: [type] }) };
      const head = (await project.api.system.health()).seq;
      const feed =
        options['follow'] === true
          ? project.api.events.follow(
              { ...query, ...(tail === undefined ? { after: after ?? 0 } : { tail, after }) },
              { signal },
            )
          : stored(project, query, after ?? 0, tail, head);
      for await (const event of feed) {
        signal.throwIfAborted();
        lastSeq = event.seq;
        out.line('event', { event }, eventLine(event));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await project.close();
    }
    out.end({ lastSeq }, '');
    return 0;
  },
};

/** What is stored now, in order; with `tail` only the end of it. */
async function* stored(
  { api }: Awaited<ReturnType<Parameters<CommandSpec['run']>[0]['open']>>,
  query: EventQuery,
  after: number,
  tail: number | undefined,
  head: number,
) {
  if (tail !== undefined) {
    const page = await api.events.list({ ...query, after, order: 'desc', limit: Math.min(500, tail) });
    yield* page.items.toReversed();
    return;
  }
  let cursor: string | undefined;
  do {
    const page = await api.events.list({ ...query, after, cursor, limit: 500 });
    for (const event of page.items) {
      if (event.seq > head) return;
      yield event;
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
