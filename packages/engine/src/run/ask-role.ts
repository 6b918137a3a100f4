import { ConductorError, delayMs, instant, toConductorError } from '@conductor/core';
import type { Action, TrackCommand } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { parsePlan, planModel } from '@conductor/core/plan';
import type { Executor, Outcome } from '@conductor/core/ports';
import { syncAgent } from '../business/record-sync.js';
import { syncForTrack } from '../business/sync-for-track.js';
import { gateOf } from '../gates/gate-of.js';
import type { GateResult } from '../gates/gate.js';
import { contentOf } from '../load.js';
import { roleAssignment } from './assignment.js';
import { takeBrainstorm } from './brainstorm.js';
import { requireDoneKept } from './kept-tasks.js';
import { loggedModel } from './plan-text.js';
import { runExecutor } from './run-executor.js';
import type { TrackSession } from './track-session.js';

type Ask = Extract<Action, { do: 'ask' }>;

/** Makes the question durable, then asks beside the loop; the answer is one commit that closes the effect. */
export async function askRole(session: TrackSession, ask: Ask): Promise<void> {
  const { name, answer } = answererOf(session, ask);
  await session.execute([{ name: 'effect.start', data: { effect: ask.effect, role: ask.role, executor: name } }]);
  session.launch(ask.effect, async (signal) => {
    let missing: ConductorError | undefined;
    const commands = await answer(signal).catch((error: unknown) => {
      if (signal.aborted) return []; // stop-run interrupts it: no try is lost
      if (!ConductorError.is(error, 'COMMAND_MISSING')) return failed(session, ask, error);
      missing = error;
      return [];
    });
    return async () => {
      // As with an agent that nobody handed in (decision 0004): the run ends, and goes on once the program is there.
      if (missing !== undefined) throw missing;
      if (!signal.aborted || commands.length > 0) await session.execute(commands);
    };
  });
}

interface Answerer {
  readonly name: string;
  answer(signal: AbortSignal): Promise<readonly TrackCommand[]>;
}

function answererOf(session: TrackSession, ask: Ask): Answerer {
  if (ask.role === 'planner' || ask.role === 'scribe') {
    const executor = requireAgent(session, ask.role);
    return { name: executor.driver.name, answer: (signal) => askAgent(session, ask, executor, signal) };
  }
  const gate = gateOf(session, ask.role);
  return { name: gate.id, answer: async (signal) => reported(ask, gate.id, await gate.run(session, ask, signal)) };
}

/** Throws `EXECUTOR_MISSING`, before anything is written: once an agent is there, the same run goes on. */
function requireAgent({ engine, state }: TrackSession, role: string): Executor {
  const executor = engine.agents.for(role);
  if (executor) return executor;
  throw new ConductorError('EXECUTOR_MISSING', `${state.loop.step} needs a ${role}, and nobody was handed in`, {
    details: { role },
  });
}

async function askAgent(
  session: TrackSession,
  ask: Ask,
  executor: Executor,
  signal: AbortSignal,
): Promise<readonly TrackCommand[]> {
  if (ask.step === 'BUSINESS_SYNC') return reported(ask, syncAgent, await syncForTrack(session, ask, executor, signal));
  const role = ask.role === 'scribe' ? 'scribe' : 'planner';
  const before = await planFile(session);
  const assignment = await roleAssignment(session, role, ask.effect);
  const outcome = await runExecutor(session, executor, assignment, signal);
  if (outcome.status === 'cancelled' && signal.aborted) return []; // stop-run interrupts it: no try is lost
  if (outcome.status !== 'done') throw outcomeError(outcome);
  if (session.state.loop.step === 'BRAINSTORM') await takeBrainstorm(session, outcome);
  if (role === 'scribe') return reported(ask, 'scribe', { verdict: 'PASS', findings: [], evidence: [] });
  return submitted(session, ask, outcome, before);
}

/** Who is blocked would say the same again: no second try, a person is asked. */
function outcomeError({ status, error, summary }: Outcome): ConductorError {
  if (status === 'blocked') return new ConductorError('TRACK_BLOCKED', summary, { retryable: false });
  return ConductorError.fromJSON(error ?? { code: 'EXECUTOR_ERROR', message: summary, retryable: true });
}

/** A plan comes as `answer.plan`, or as the file that the planner wrote: during PLAN, plan.md is his. */
async function submitted(
  session: TrackSession,
  ask: Ask,
  { answer, usage }: Outcome,
  before: string | undefined,
): Promise<readonly TrackCommand[]> {
  const after = await planFile(session);
  const given =
    typeof answer === 'object' && answer !== null && 'plan' in answer && typeof answer.plan === 'string'
      ? answer.plan
      : undefined;
  const text = given ?? (after === before ? undefined : after);
  if (text === undefined) {
    throw new ConductorError('ANSWER_INVALID', 'The planner gave no plan', {
      hint: 'Answer {"plan": "<Markdown>"}, or write plan.md.',
      retryable: true,
    });
  }
  const model = planModel(parsePlan(text).plan);
  requireDoneKept(session.state, model);
  return [
    {
      name: 'plan.submit',
      data: {
        text: await contentOf(session.engine, text),
        textHash: sha256Hex(text),
        model: loggedModel(model, 'ignore'),
        effect: ask.effect,
        ...(usage && { usage }),
      },
    },
  ];
}

async function planFile({ engine, id, state }: TrackSession): Promise<string | undefined> {
  const bytes = await engine.workspace.read(`${engine.folder}/tracks/${id}/plan.md`, {
    maxBytes: state.policy.limits.planBytes,
  });
  return bytes && new TextDecoder().decode(bytes);
}

function reported({ effect, visit }: Ask, evaluator: string, result: GateResult): readonly TrackCommand[] {
  const { verdict, findings, evidence, passes, inputHash, usage, commands = [] } = result;
  return [
    ...commands,
    {
      name: 'evaluation.report',
      data: {
        visit,
        evaluator,
        effect,
        verdict,
        findings: [...findings],
        evidence: [...evidence],
        ...(passes !== undefined && { passes }),
        ...(inputHash !== undefined && { inputHash }),
        ...(usage && { usage }),
      },
    },
  ];
}

function failed({ engine, state }: TrackSession, { effect }: Ask, thrown: unknown): readonly TrackCommand[] {
  const error = toConductorError(thrown);
  const policy = { baseMs: Math.max(1, engine.limits.retryMinMs), maxMs: Math.max(1, engine.limits.retryMaxMs) };
  const wait = delayMs(policy, state.effects.get(effect)?.tries ?? 1, engine.ids.random());
  return [
    {
      name: 'effect.fail',
      data: {
        effect,
        reason: error.code,
        message: error.message,
        retryable: error.retryable,
        retryAt: instant(engine.clock.now() + wait),
      },
    },
  ];
}
