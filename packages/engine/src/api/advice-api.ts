import { ConductorError } from '@conductor/core';
import type { Finding, TrackState } from '@conductor/core';
import type { Assignment, Executor, Json, Outcome, Usage } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { requireTrackState, textOf } from '../load.js';
import { askOutside } from '../run/ask-outside.js';

export type Advisor = 'ceo' | 'cmo' | 'cto' | 'ux-designer';

export interface AdviceQuestion {
  readonly advisor: Advisor;
  /** Absent: what the advisor would look at first; with `review` the plan of the track. */
  readonly question?: string | undefined;
  /** Its goal, spec and plan are handed over as well. */
  readonly trackId?: string | undefined;
  /** A verdict with findings on the track, instead of a text. */
  readonly review?: boolean | undefined;
  /**
   * Makes the folder to look at, once somebody is there to ask: a copy, as nothing keeps a program from writing. Resolves with
   * its absolute path.
   */
  readonly folder: () => Promise<string>;
}

export interface Advice {
  /** Name of the executor that was asked. */
  readonly agent: string;
  readonly text: string;
  /** Of a review: PASS WITH CONDITIONS has its conditions among the findings. */
  readonly verdict?: 'PASS' | 'PASS WITH CONDITIONS' | 'FAIL';
  readonly findings: readonly Finding[];
  readonly usage?: Usage;
}

/** What each advisor looks at. */
const fields: Readonly<Record<Advisor, string>> = {
  ceo: 'the business: purpose, customers, money, what to do first and what to leave',
  cmo: 'the market: positioning, audience, message, launch and reach',
  cto: 'the technology: architecture, technical debt, choice of technology, engineering, team and process',
  'ux-designer': 'the people who use it: flows, words, accessibility, consistency, what is in their way',
};

const maxFindings = 200;

/** Asks an advisor; see `Engine.advise`. */
export async function advise(
  engine: EngineContext,
  question: AdviceQuestion,
  { signal = new AbortController().signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Advice> {
  signal.throwIfAborted();
  const executor = advisorOf(engine, question.advisor);
  const track = question.trackId === undefined ? undefined : await requireTrackState(engine.store, question.trackId);
  const assignment = await assignmentOf(engine, question, track);
  const about = { advisor: question.advisor };
  const outcome = await askOutside(engine, executor, assignment, { signal, about });
  if (outcome.status !== 'done') throw errorOf(outcome);
  return { agent: executor.driver.name, ...adviceOf(outcome, question.review === true) };
}

/** An own agent where one is named, else whoever does everything. Throws `EXECUTOR_MISSING`. */
function advisorOf({ agents }: EngineContext, advisor: Advisor): Executor {
  const role = advisor === 'cto' ? 'cto' : 'lead';
  const executor = agents.for(role) ?? agents.for('default');
  if (executor) return executor;
  throw new ConductorError('EXECUTOR_MISSING', `Nobody was handed in to advise as ${advisor}`, {
    hint: `Name one in the configuration as agents.${role} or agents.default, or with --agent.`,
    details: { role },
  });
}

async function assignmentOf(
  engine: EngineContext,
  { advisor, question, review, folder }: AdviceQuestion,
  track: TrackState | undefined,
): Promise<Assignment> {
  const effect = `advice/${advisor}`;
  return {
    role: advisor === 'cto' ? 'cto' : 'lead',
    readOnly: true,
    effect,
    idempotencyKey: `${engine.projectId}/${effect}`,
    trackId: track?.id ?? 'project',
    step: track?.loop.step ?? 'PLAN',
    runId: engine.ids.id('run'),
    attempt: 1,
    recovery: 0,
    folder: await folder(),
    input: {
      advisor,
      ...(question !== undefined && { question }),
      ...(track && (await textsOf(engine, track))),
    },
    answerSchema: answerSchema(advisor, review === true, question !== undefined),
    deadlineMs: engine.limits.effectTimeoutMs,
    idleMs: engine.limits.idleTimeoutMs,
  };
}

async function textsOf(engine: EngineContext, { about, plan }: TrackState): Promise<Readonly<Record<string, Json>>> {
  return {
    goal: about.goal,
    spec: await textOf(engine, about.spec),
    ...(plan && { plan: await textOf(engine, plan.text) }),
  };
}

/** Says what is asked for in the one place that an agent reads as its instruction. */
function answerSchema(advisor: Advisor, review: boolean, asked: boolean): Json {
  const field = `You advise on ${fields[advisor]}.`;
  if (!review) {
    const task = asked ? 'Answer the question of the input.' : 'Say what you would look at first in this project.';
    return {
      type: 'object',
      properties: { text: { type: 'string', description: `${field} ${task} Markdown. Change no file.` } },
      required: ['text'],
    };
  }
  return {
    type: 'object',
    properties: {
      verdict: {
        enum: ['PASS', 'PASS WITH CONDITIONS', 'FAIL'],
        description: `${field} Judge the specification and the plan of the input. Change no file.`,
      },
      findings: { type: 'array', items: { type: 'string' }, description: 'Risks and conditions, each in a sentence.' },
    },
    required: ['verdict', 'findings'],
  };
}

function errorOf({ error, summary }: Outcome): ConductorError {
  return ConductorError.fromJSON(error ?? { code: 'EXECUTOR_ERROR', message: summary, retryable: true });
}

function adviceOf(outcome: Outcome, review: boolean): Omit<Advice, 'agent'> {
  const { answer, summary, usage } = outcome;
  const record = (typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : {}) as Readonly<
    Record<string, Json>
  >; // an object that is no list
  const text = record['text'];
  const base = { text: typeof text === 'string' && text.trim() !== '' ? text : summary, ...(usage && { usage }) };
  if (!review) return { ...base, findings: [] };
  const verdict = verdictOf(record['verdict'], summary);
  const list = Array.isArray(record['findings']) ? (record['findings'] as readonly Json[]) : [];
  const findings = list.slice(0, maxFindings).map((item): Finding => ({
    severity: verdict === 'FAIL' ? 'error' : 'warning',
    message: typeof item === 'string' ? item : JSON.stringify(item),
  }));
  return { ...base, verdict, findings };
}

/** A verdict in words stands in for a structured one; no verdict is no advice. Throws `ANSWER_INVALID`. */
function verdictOf(given: Json | undefined, summary: string): NonNullable<Advice['verdict']> {
  const said =
    typeof given === 'string' ? given : /\bVERDICT:\s*(PASS[ _]WITH[ _]CONDITIONS|PASS|FAIL)\b/iu.exec(summary)?.[1];
  const word = said?.trim().toUpperCase().replaceAll('_', ' ');
  if (word === 'PASS' || word === 'PASS WITH CONDITIONS' || word === 'FAIL') return word;
  throw new ConductorError('ANSWER_INVALID', 'The review has no verdict', {
    hint: 'Answer {"verdict": "PASS" | "PASS WITH CONDITIONS" | "FAIL", "findings": []}.',
  });
}
