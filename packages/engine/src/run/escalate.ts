import { instant } from '@conductor/core';
import type { Action, Finding, TrackState } from '@conductor/core';
import type { Json } from '@conductor/core/ports';
import { engineActor } from '../engine-context.js';
import { readStream } from '../load.js';
import { approvalUnit } from '../units.js';
import { lastFindings } from './assignment.js';
import { questionTexts } from './question-texts.js';
import type { TrackSession } from './track-session.js';

type Escalate = Extract<Action, { do: 'escalate' }>;

const maxContext = 600;
const maxItems = 5;

/**
 * Asks a person: the question, the blocker and the blocked step are one commit over two streams. The summary holds the track,
 * the step, the reason and its context in one line; notifiers get the same with its options as a message.
 */
export async function escalate(session: TrackSession, action: Escalate): Promise<void> {
  const { engine, state } = session;
  const { reason, rule } = action;
  const approvalId = engine.ids.id('approval');
  const subject = `track/${state.id}`;
  const told = await toldOf(session, reason);
  const summary = summaryOf(state, told);
  const request = {
    kind: reason,
    trackId: state.id,
    subject,
    subjectRevision: state.plan?.revision ?? 0,
    requester: { kind: engineActor.kind, id: engineActor.id },
    decider: { kind: 'human' as const },
    summary,
    options: action.options.map((option) => ({ ...option })),
    expiresAt: instant(engine.clock.now() + state.policy.limits.approvalTtlMs),
  };
  const asked = { approvalId, reason, subject, summary, options: request.options };
  await session.execute([{ name: 'decision.request', data: { ...asked, blockerId: engine.ids.id('blocker'), rule } }], {
    others: [approvalUnit(engine, approvalId, { name: 'approval.request', data: request })],
  });
  await notify(session, approvalId, messageOf(state, action, told));
}

/** Uses an answer: what it leads to, and that it was used, are one commit. */
export async function applyDecision(
  session: TrackSession,
  { approvalId }: Extract<Action, { do: 'apply' }>,
): Promise<void> {
  await session.execute([{ name: 'decision.apply', data: { approvalId } }], {
    others: [approvalUnit(session.engine, approvalId, { name: 'approval.consume', data: { by: session.id } })],
  });
}

async function toldOf(session: TrackSession, reason: Escalate['reason']): Promise<Told> {
  const { blockers } = session.state;
  const [title, question] = questionTexts[reason];
  const open = [...blockers.values()].filter(({ active }) => active);
  if (reason !== 'TRACK_BLOCKED') return { title, question, context: await contextOf(session, reason) };
  if (open.length > 0) return { title, question, context: joined(...open.map(({ description }) => description)) };
  // Nobody has blocked the track: its step cannot be done, and what it ended with is the blocker to come.
  return { title: 'The step could not be done', question, context: joined(await lastResult(session)) };
}

interface Told {
  readonly title: string;
  readonly question: string;
  readonly context: string;
}

function summaryOf(state: TrackState, { title, question, context }: Told): string {
  const about = context === '' ? '' : `: ${context}`;
  return `${state.id} at ${state.loop.step}: ${title}${about}. ${question}`;
}

function messageOf(state: TrackState, { reason, options }: Escalate, { title, question, context }: Told): string {
  return [
    `Track: ${state.about.name} (${state.id})`,
    `Current step: ${state.loop.step}`,
    `Reason: ${title} (${reason})`,
    `Context: ${context === '' ? 'none' : context}`,
    'Options:',
    ...options.map(({ label }, index) => `${index + 1}. ${label}`),
    question,
  ].join('\n');
}

/** The question stands whether or not somebody could be told of it. */
async function notify({ engine, id }: TrackSession, approvalId: string, text: string): Promise<void> {
  for (const notifier of engine.notifiers ?? []) {
    const note = {
      key: approvalId,
      kind: 'approval.requested',
      subject: `track/${id}`,
      text,
      data: { track: id, approvalId },
    };
    await notifier
      .notify(note)
      .catch((error: unknown) =>
        engine.logger.warn('Nobody was told of a question', { notifier: notifier.id, error: String(error) }),
      );
  }
}

/** What a person needs to know to answer, in one line. */
async function contextOf(session: TrackSession, reason: Escalate['reason']): Promise<string> {
  const { state } = session;
  const { loop, policy, run, plan } = state;
  switch (reason) {
    case 'FIX_LIMIT':
      return joined(`${loop.fixCycles} of ${policy.limits.maxFixCycles} cycles`, await findings(session), stuck(state));
    case 'PLAN_LIMIT':
      return joined(`${loop.planRevisions} of ${policy.limits.maxPlanRevisions} revisions`, await findings(session));
    case 'CTO_LIMIT':
      return joined(`${loop.ctoRounds} of ${policy.limits.maxCtoRounds} rounds`, await findings(session));
    case 'ITERATION_LIMIT':
      return `${run?.iterations ?? 0} iterations`;
    case 'BOARD_ESCALATED':
      return joined(`plan revision ${plan?.revision ?? 0}`, `board ${loop.boardId ?? 'unknown'}`);
    default: {
      const asked = plan === undefined || loop.step === 'PLAN' || loop.step === 'BUSINESS_SYNC';
      return joined(stuck(state), asked ? await lastFailure(session) : '');
    }
  }
}

function stuck({ plan }: TrackState): string {
  const tasks = [...(plan?.tasks.values() ?? [])].filter(({ status }) => status === 'failed' || status === 'blocked');
  return listed(tasks.map(({ task, note }) => `task ${task.id}${note === undefined ? '' : `: ${note}`}`));
}

async function findings(session: TrackSession): Promise<string> {
  const found = (await lastFindings(session)) as unknown as readonly Finding[]; // written by our own evaluations
  return listed(found.filter(({ severity }) => severity === 'error').map(({ message }) => message));
}

/** What the agent of this visit ended with: what our own checks found, else why it gave up. */
async function lastResult(session: TrackSession): Promise<string> {
  const found = ((await lastOf(session, 'evaluation.reported')) as { findings?: readonly Finding[] } | undefined)
    ?.findings; // our own payload of that type
  const errors = (found ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return lastFailure(session);
  return listed(errors.map(({ path, line, message }) => `${placeOf(path, line)}${message}`));
}

function placeOf(path: string | undefined, line: number | undefined): string {
  return path === undefined ? '' : `${path}${line === undefined ? '' : `:${line}`}: `;
}

async function lastFailure(session: TrackSession): Promise<string> {
  const failed = (await lastOf(session, 'effect.failed')) as { readonly message?: string } | undefined; // our own payload of that type
  return failed?.message ?? '';
}

/** The last fact of a type about an effect of the current visit. */
async function lastOf({ engine, id, state }: TrackSession, type: string): Promise<Json | undefined> {
  const visit = `${id}/${state.loop.step}/${state.loop.visits[state.loop.step]}/`;
  const events = await readStream(engine.store, `track/${id}`);
  return events.findLast(
    (event) => event.type === type && (event.data as { readonly effect: string }).effect.startsWith(visit),
  )?.data;
}

function listed(items: readonly string[]): string {
  const more = items.length > maxItems ? [`and ${items.length - maxItems} more`] : [];
  return [...items.slice(0, maxItems), ...more].join('; ');
}

/** One line, whatever agents and evaluators wrote. */
function joined(...parts: readonly string[]): string {
  const line = parts
    .filter((part) => part !== '')
    .join('; ')
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
  return line.length > maxContext ? `${line.slice(0, maxContext - 1)}…` : line;
}
