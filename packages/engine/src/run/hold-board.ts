import { nextTurn, runMeeting, seatOf, sessionOf } from '@conductor/board';
import type { BoardCommand, BoardState } from '@conductor/board';
import type { Action, Proposal, TrackCommand } from '@conductor/core';
import { engineActor } from '../engine-context.js';
import { gatherFacts } from '../gates/board-facts.js';
import { contentOf, loadBoard, textOf } from '../load.js';
import { commitUnits } from '../commit-units.js';
import { boardUnit } from '../units.js';
import type { TrackSession } from './track-session.js';

type HoldBoard = Extract<Action, { do: 'board' }>;

/** Convenes the board, or goes on where it stands; directors whose turn is on record are never asked again. */
export async function holdBoard(session: TrackSession, { boardId, form }: HoldBoard): Promise<void> {
  const { engine } = session;
  const facts = await gatherFacts(session);
  const proposal = await proposalOf(session);
  const opened = await convene(session, boardId, form, proposal);
  const done = await runMeeting({
    session: opened,
    directors: engine.directors,
    facts,
    proposal,
    record: (commands) => recordTurns(session, boardId, commands),
    clock: engine.clock,
    limits: session.state.policy.limits,
    logger: engine.logger.with({ board: boardId }),
    signal: session.signal,
  }).catch((error: unknown) => {
    if (session.signal.aborted) return undefined; // the run stops; the board goes on where it stands
    throw error;
  });
  if (done && nextTurn(done).do === 'done') await conclude(session, boardId, form, done);
}

async function proposalOf({ engine, state }: TrackSession): Promise<Proposal> {
  const subject = `track/${state.id}`;
  const title = state.loop.step === 'EVALUATE_PLAN' ? `Plan of ${state.about.name}` : `Work of ${state.about.name}`;
  const text = state.plan ? await textOf(engine, state.plan.text) : '';
  return { title, text, subject, subjectRevision: state.plan?.revision ?? 0 };
}

async function convene(
  session: TrackSession,
  boardId: string,
  form: HoldBoard['form'],
  proposal: Proposal,
): Promise<BoardState> {
  const { engine, state } = session;
  const known = await loadBoard(engine.store, boardId);
  if (known.version > 0) return known;
  const open: BoardCommand = {
    name: 'board.open',
    data: {
      subject: proposal.subject,
      subjectRevision: proposal.subjectRevision,
      checkpoint: form === 'quick' ? 'QUICK_REVIEW' : state.loop.step,
      kind: form,
      directors: engine.directors.map(seatOf),
      ...(engine.quorum !== undefined && { quorum: engine.quorum }),
      maxRounds: Math.min(3, state.policy.limits.boardRounds),
      title: proposal.title,
      proposal: await contentOf(engine, proposal.text),
    },
  };
  const convened: TrackCommand = { name: 'board.convene', data: { boardId, checkpoint: state.loop.step, kind: form } };
  await session.execute([convened], { others: [boardUnit(engine, boardId, [open])] });
  return loadBoard(engine.store, boardId);
}

async function recordTurns(
  session: TrackSession,
  boardId: string,
  commands: readonly BoardCommand[],
): Promise<BoardState> {
  const { engine, id, fence } = session;
  await commitUnits(engine, [boardUnit(engine, boardId, commands)], {
    actor: engineActor,
    correlation: { track: id },
    fence: [fence],
  });
  engine.views.touch(id);
  return loadBoard(engine.store, boardId);
}

async function conclude(
  session: TrackSession,
  boardId: string,
  form: HoldBoard['form'],
  done: BoardState,
): Promise<void> {
  const { verdict = 'ESCALATE', conditions, votes } = sessionOf(done);
  const tally = done.resolution?.tally;
  const summary = tally
    ? `${tally.approve}-${tally.reject}${tally.abstain > 0 ? `-${tally.abstain}` : ''}`
    : `${Object.keys(votes).length} votes`;
  const adds: TrackCommand[] =
    form === 'full' && verdict.startsWith('APPROVED')
      ? conditions.map(({ id, text, director, verify }) => ({
          name: 'condition.add',
          data: { conditionId: id, text, director, verify },
        }))
      : [];
  await session.execute([
    { name: 'board.conclude', data: { boardId, verdict, summary, conditions: conditions.map(({ text }) => text) } },
    ...adds,
  ]);
}
