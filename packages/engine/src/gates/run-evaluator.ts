import { anySignal, ConductorError, instant, toConductorError } from '@conductor/core';
import type { Finding } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Evaluation, EvaluatorContext, EvaluatorDefinition, Evidence, Opened } from '@conductor/core/plugin';
import type { Json } from '@conductor/core/ports';
import { trackView } from '../api/track-view.js';
import { textOf } from '../load.js';
import { processRecorder } from '../run/record-process.js';
import type { TrackSession } from '../run/track-session.js';
import { changedSince, fileHandles } from './file-handles.js';
import { whenAborted } from '../when-aborted.js';
import type { Gate, GateResult } from './gate.js';

/** An evaluator of a plugin as a gate: its findings count, its crash or silence is a FAIL, its word without evidence is none. */
export function evaluatorGate(opened: Opened<EvaluatorDefinition>): Gate {
  return {
    id: opened.id,
    async run(session, { effect }, signal) {
      const evidence: Evidence[] = [];
      const timeoutMs = opened.definition.timeoutMs ?? session.state.policy.limits.evaluatorTimeoutMs;
      try {
        const evaluation = await evaluateWithin(session, { opened, effect, evidence, timeoutMs }, signal);
        return judged(session, opened.id, evaluation, evidence);
      } catch (error) {
        if (signal.aborted) throw error;
        return { verdict: 'FAIL', findings: [brokenPlugin(opened.id, error)], evidence: evidence as unknown as Json[] };
      }
    },
  };
}

interface Evaluating {
  readonly opened: Opened<EvaluatorDefinition>;
  readonly effect: string;
  /** What it has looked at so far. */
  readonly evidence: Evidence[];
  readonly timeoutMs: number;
}

async function evaluateWithin(session: TrackSession, evaluating: Evaluating, signal: AbortSignal): Promise<Evaluation> {
  const { opened, timeoutMs } = evaluating;
  const { clock, limits } = session.engine;
  const own = new AbortController();
  const over = new AbortController();
  const linked = anySignal([signal, own.signal]);
  const timeout = async () => {
    await clock.sleep(timeoutMs, { signal: over.signal });
    own.abort(
      new ConductorError('PLUGIN_TIMEOUT', `${opened.id} took longer than ${timeoutMs} ms`, {
        details: { plugin: opened.id, limit: timeoutMs },
      }),
    );
  };
  const abandoned = async (): Promise<never> => {
    await whenAborted(linked.signal, over.signal);
    await clock.sleep(limits.pluginGraceMs, { signal: over.signal }); // time to clean up; then its promise is abandoned
    throw linked.signal.reason;
  };
  const watch = abandoned();
  for (const ends of [timeout(), watch]) ends.catch(() => {}); // ended below, or raced
  try {
    const context = await contextOf(session, evaluating, linked.signal);
    return await Promise.race([collect(opened.definition.evaluate(context)), watch]);
  } finally {
    over.abort();
    linked.dispose();
  }
}

/** A generator of findings counts as `verdictOf` of them. */
async function collect(answer: ReturnType<EvaluatorDefinition['evaluate']>): Promise<Evaluation> {
  if (!isIterable(answer)) return answer;
  const findings: Finding[] = [];
  for await (const finding of answer) findings.push(finding);
  return { verdict: findings.some(({ severity }) => severity === 'error') ? 'FAIL' : 'PASS', findings };
}

const isIterable = (value: object): value is AsyncIterable<Finding> => Symbol.asyncIterator in value;

async function contextOf(
  session: TrackSession,
  { opened: { id, options }, effect, evidence, timeoutMs: deadlineMs }: Evaluating,
  signal: AbortSignal,
): Promise<EvaluatorContext<undefined>> {
  const { engine, state } = session;
  const at = () => instant(engine.clock.now());
  const record = (item: Evidence) => void evidence.push(item);
  const handles = fileHandles(engine, record, at);
  const tasks = [...(state.plan?.tasks.values() ?? [])].map(({ task }) => task);
  const changed = await changedSince(
    engine,
    state.about.baseline,
    tasks.flatMap(({ files }) => files),
  );
  return Object.freeze({
    options: options as undefined, // parsed by the plugin's own schema when it was opened
    signal,
    deadlineMs,
    logger: engine.logger.with({ plugin: id, track: state.id }),
    clock: engine.clock,
    track: trackView(state),
    spec: await textOf(engine, state.about.spec),
    conditions: [...state.conditions.values()],
    tasks,
    baseline: state.about.baseline,
    changed: (glob = '**/*') => handles.among(changed, glob, signal),
    files: (glob: string) => handles.files(glob, signal),
    command: commandRunner(session, effect, record, signal),
    attach: attacher(session, record),
  });
}

function commandRunner(
  session: TrackSession,
  effect: string,
  record: (item: Evidence) => void,
  signal: AbortSignal,
): EvaluatorContext<undefined>['command'] {
  const { engine, state } = session;
  return async (file, args = [], { cwd, timeoutMs, env } = {}) => {
    if (!engine.runCommand)
      throw new ConductorError('CAPABILITY_MISSING', 'This host runs no commands', { details: { port: 'runCommand' } });
    const { commandTimeoutMs, tailBytes } = state.policy.limits;
    const folder = cwd === undefined ? engine.workspace.root : `${engine.workspace.root}/${cwd}`;
    const result = await engine.runCommand({
      file,
      args,
      cwd: folder,
      env,
      timeoutMs: timeoutMs ?? commandTimeoutMs,
      tailBytes,
      spawned: processRecorder(session, effect),
      signal,
    });
    record(result);
    return result;
  };
}

function attacher(
  { engine, id: trackId }: TrackSession,
  record: (item: Evidence) => void,
): EvaluatorContext<undefined>['attach'] {
  return async (name, body, mediaType) => {
    const { id, bytes } = await engine.artifacts.put(typeof body === 'string' ? new TextEncoder().encode(body) : body, {
      mediaType,
    });
    const at = instant(engine.clock.now());
    const ref = { id: id as `sha256:${string}`, bytes, mediaType, kind: 'attachment', name, trackId, at };
    record({ id: engine.ids.id('evidence'), at, kind: 'artifact', ref });
    return ref;
  };
}

/** FAIL needs an error finding, PASS a piece of evidence or a computed pass; otherwise the verdict counts as NA. */
function judged(session: TrackSession, id: string, evaluation: Evaluation, recorded: readonly Evidence[]): GateResult {
  const { maxFindings, findingBytes } = session.state.policy.limits;
  const findings = evaluation.findings
    .slice(0, maxFindings)
    .map((finding) => ({ ...finding, message: cleaned(finding.message, findingBytes) }));
  const evidence = [...recorded, ...(evaluation.evidence ?? [])];
  const grounded =
    evidence.length > 0 || evaluation.passes?.some(({ verdict }) => verdict === 'PASS' || verdict === 'FAIL') === true;
  const failed = evaluation.verdict === 'FAIL' && findings.some(({ severity }) => severity === 'error');
  const verdict = failed ? 'FAIL' : evaluation.verdict === 'PASS' && grounded ? 'PASS' : 'NA';
  return {
    verdict,
    findings,
    evidence: evidence as unknown as Json[], // data by its type
    inputHash: sha256Hex(`${id}\n${session.state.about.specHash}\n${session.state.plan?.textHash ?? ''}`),
    ...(evaluation.passes && { passes: evaluation.passes as unknown as Json }),
  };
}

/** Text of a plugin is data: controls and ANSI sequences go, the rest is capped. */
function cleaned(message: string, maxBytes: number): string {
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  const plain = message
    .replaceAll(/\u001b\[[0-9;]*[A-Za-z]/gu, '')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, '');
  return plain.length > maxBytes ? `${plain.slice(0, maxBytes)}…` : plain;
}

function brokenPlugin(id: string, thrown: unknown): Finding {
  const error = toConductorError(thrown);
  const code = error.code === 'INTERNAL_ERROR' ? 'PLUGIN_FAILED' : error.code;
  const cause = error.cause instanceof Error ? error.cause : error;
  const place = cause.stack?.split('\n')[1]?.trim();
  return {
    severity: 'error',
    code,
    item: id,
    message: `${id} failed: ${cause.message}`,
    ...(place !== undefined && { hint: place }),
  };
}
