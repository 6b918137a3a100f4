import { ConductorError } from '@conductor/core';
import { agentArguments, agentNameOf, dispatchRowOf, resumeFrom } from '@conductor/core/dispatch';
import type { DispatchRow } from '@conductor/core/dispatch';
import type { Assignment, Json } from '@conductor/core/ports';

/** One call of an agent by its published command line. Paths are relative to the root of the project. */
export interface AgentCall {
  /** `superpowers:writing-plans`, `loop-planner` … */
  readonly agent: string;
  readonly arguments: readonly string[];
  /** Must exist before the call. */
  readonly input?: string;
  readonly trackFolder: string;
}

/**
 * An assignment as the call of an agent of the family that its track has chosen. A worker's first task to run is its own
 * (`--resume-from`). Pure. Throws `UNSUPPORTED` for a role that the families have no agent for, `VALIDATION_FAILED` and
 * `PATH_UNSAFE` as `agentArguments`.
 */
export function agentCallOf(assignment: Assignment): AgentCall {
  const input = recordOf(assignment.input);
  const agent = textOf(input['agent']) ?? agentNameOf(assignment.step, true);
  const row = agent === undefined ? undefined : dispatchRowOf(agent);
  if (agent === undefined || row === undefined || row.step !== assignment.step) throw unsupported(assignment);
  const trackFolder = textOf(input['trackFolder']) ?? `conductor/tracks/${assignment.trackId}`;
  const values: Values = { 'track-id': assignment.trackId, ...valuesOf(row, assignment, trackFolder, input) };
  const documents = trackFolder.replace(/\/tracks\/[^/]{1,256}$/u, '');
  const file = row.input === undefined ? undefined : values[row.input];
  return {
    agent,
    arguments: agentArguments(row, values, documents),
    ...(file !== undefined && { input: file }),
    trackFolder,
  };
}

type Values = Record<string, string | undefined>;

function valuesOf(
  { step }: DispatchRow,
  assignment: Assignment,
  folder: string,
  input: Readonly<Record<string, Json>>,
): Values {
  const metadata = `${folder}/metadata.json`;
  const task = 'task' in assignment ? assignment.task.id : undefined;
  switch (step) {
    case 'BRAINSTORM':
      return {
        context: textOf(input['goal']),
        'output-dir': `${folder}/brainstorm/`,
        'options-count': numberOf(input['options']),
      };
    case 'PLAN':
      return { spec: `${folder}/spec.md`, 'output-dir': `${folder}/`, metadata };
    case 'FIX':
      return {
        failures: `${folder}/evaluation-report.md`,
        'track-dir': `${folder}/`,
        metadata,
        'max-attempts': numberOf(input['maxAttempts']),
      };
    default:
      return {
        plan: `${folder}/plan.md`,
        'track-dir': `${folder}/`,
        metadata,
        mode: textOf(input['mode'])?.toLowerCase(),
        ...(task !== undefined && { 'resume-from': resumeFrom(task) }),
      };
  }
}

function unsupported({ role, step }: Assignment): ConductorError {
  return new ConductorError('UNSUPPORTED', `The published command line has no agent for the role ${role} at ${step}`, {
    hint: `Name another agent for it: agents.${role}.`,
    details: { role, step },
  });
}

function recordOf(value: Json): Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>) // an object that is no list
    : {};
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: Json | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : undefined;
}
