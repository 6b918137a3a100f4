import type { ArtifactRef } from '../api/contract/artifacts.js';
import type { Track } from '../api/contract/tracks.js';
import type { Condition } from '../track/board-model.js';
import type { Finding } from '../kernel/finding.js';
import type { Task } from '../track/task-model.js';
import { makePlugin } from './plugin.js';
import type { DefinedPlugin, Maybe, Out, PluginContext, Schema } from './plugin.js';

/** A file below the project's root, read only when asked. */
export interface FileHandle {
  readonly path: string;
  readonly bytes: number;
  text(o?: { signal?: AbortSignal }): Promise<string>;
  read(o?: { signal?: AbortSignal }): Promise<Uint8Array>;
}

export type CommandEvidence = {
  id: string;
  at: string;
  kind: 'command';
  command: readonly string[];
  /** `null` when a signal ended the command. */
  exitCode: number | null;
  timedOut: boolean;
  /** The last part of both output streams. */
  tail: string;
  durationMs: number;
  log?: ArtifactRef;
};

/** What a verdict rests on. A `PASS` needs at least one piece. */
export type Evidence =
  | CommandEvidence
  | ({ id: string; at: string } & (
      | { kind: 'file'; path: string; sha256: string; line?: number }
      | { kind: 'artifact'; ref: ArtifactRef }
      | { kind: 'measure'; name: string; value: number; unit: string; limit?: number }
      | { kind: 'answer'; approvalId: string }
    ));

export interface EvaluationPass {
  id: string;
  title: string;
  verdict: 'PASS' | 'FAIL' | 'NA' | 'NOT_CONFIGURED';
  reason?: string;
}

export interface Evaluation {
  verdict: 'PASS' | 'FAIL' | 'NA';
  findings: readonly Finding[];
  evidence?: readonly Evidence[];
  score?: number;
  passes?: readonly EvaluationPass[];
}

/** Any error finding: FAIL, else PASS. */
export function verdictOf(findings: readonly Finding[]): Evaluation {
  return { verdict: findings.some((finding) => finding.severity === 'error') ? 'FAIL' : 'PASS', findings };
}

export interface EvaluatorContext<O> extends PluginContext<O> {
  readonly track: Track;
  readonly spec: string;
  readonly conditions: readonly Condition[];
  readonly tasks: readonly Task[];
  /** The commit before the track; absent outside version control. */
  readonly baseline: string | undefined;
  /** What changed since the track began; sorted, below the root, no link out. */
  changed(glob?: string): AsyncIterable<FileHandle>;
  files(glob: string): AsyncIterable<FileHandle>;
  /** Closed stdin, own process group; recorded as evidence by itself. */
  command(
    file: string,
    args?: readonly string[],
    o?: { cwd?: string; timeoutMs?: number; env?: Record<string, string> },
  ): Promise<CommandEvidence>;
  attach(name: string, body: Uint8Array | string, mediaType: string): Promise<ArtifactRef>;
}

/** Which tracks an evaluator is for: absent = every track; otherwise any of the conditions. */
export type AppliesTo =
  readonly string[] | { types?: readonly string[]; keywords?: readonly string[]; when?: (track: Track) => boolean };

export interface EvaluatorDefinition<S extends Schema = undefined> {
  id: string;
  title?: string;
  options?: S;
  timeoutMs?: number;
  appliesTo?: AppliesTo;
  /** A generator of findings counts as `verdictOf` of them. */
  evaluate(context: EvaluatorContext<Out<S>>): AsyncIterable<Finding> | Maybe<Evaluation>;
}

export type EvaluatorPlugin<S extends Schema = Schema> = DefinedPlugin<'evaluator', S, EvaluatorDefinition<S>>;

/**
 * A gate over executed work. It returns findings as data and never marks work as passed without evidence: files handed
 * out by `changed` and `files` and commands run through the context are evidence by themselves.
 */
export function defineEvaluator<S extends Schema = undefined>(definition: EvaluatorDefinition<S>): EvaluatorPlugin<S> {
  return makePlugin<'evaluator', S, EvaluatorDefinition<S>>('evaluator', definition);
}
