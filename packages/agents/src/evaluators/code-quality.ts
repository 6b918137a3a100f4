import { ConductorError } from '@conductor/core';
import { defineEvaluator } from '@conductor/core/plugin';
import type { CommandEvidence, Evaluation, EvaluationPass, EvaluatorContext, Finding } from '@conductor/core/plugin';
import * as z from '@conductor/core/schema';
import { plainText } from '../plain-text.js';
import { checkNames, detectCommands } from './project-commands.js';

/** Options of `eval-code-quality`. */
export const CodeQualityOptions = z.strictObject({
  /** Check → program and arguments; instead of what the project's own files say. */
  commands: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/), z.array(z.string().min(1)).min(1)).optional(),
  /** Of one command; default: the engine's limit. */
  timeoutMs: z.int().positive().optional(),
  /** Lines of output that a finding shows. */
  maxLines: z.int().positive().max(100).default(12),
});
export type CodeQualityOptions = z.infer<typeof CodeQualityOptions>;

type Context = Pick<EvaluatorContext<CodeQualityOptions>, 'options' | 'files' | 'command' | 'signal'>;

const titles: ReadonlyMap<string, string> = new Map([
  ['build', 'Build'],
  ['typecheck', 'Type check'],
  ['lint', 'Lint'],
  ['test', 'Tests'],
]);

/**
 * Runs the project's own build, type check, lint and tests and judges by their exit codes. A check that the project does not
 * have is NOT_CONFIGURED; with none at all the verdict is NA, never PASS.
 */
export const evalCodeQuality = defineEvaluator({
  id: 'eval-code-quality',
  title: 'Code quality',
  options: CodeQualityOptions,
  appliesTo: {
    types: ['feature', 'bugfix', 'refactor', 'infrastructure', 'architecture'],
    keywords: ['implement', 'feature', 'refactor', 'infrastructure', 'hook', 'store'],
  },
  evaluate: evaluateCodeQuality,
});

/** The work of `eval-code-quality`, one check after the other: they share caches, ports and processors. */
export async function evaluateCodeQuality(context: Context): Promise<Evaluation> {
  const { options } = context;
  const commands =
    options.commands === undefined ? await detectCommands(context) : new Map(Object.entries(options.commands));
  const names = [...checkNames, ...[...commands.keys()].filter((name) => !checkNames.some((known) => known === name))];
  const passes: EvaluationPass[] = [];
  const findings: Finding[] = [];
  for (const name of names) {
    context.signal.throwIfAborted();
    const command = commands.get(name);
    const { pass, finding } =
      command === undefined
        ? { pass: notConfigured(name, 'The project has no such command') }
        : await check(context, name, command);
    passes.push(pass);
    if (finding !== undefined) findings.push(finding);
  }
  return { verdict: verdictOfPasses(passes), findings, passes };
}

interface Checked {
  readonly pass: EvaluationPass;
  readonly finding?: Finding;
}

async function check(context: Context, name: string, command: readonly string[]): Promise<Checked> {
  const [file = '', ...args] = command;
  const { timeoutMs, maxLines } = context.options;
  try {
    const evidence = await context.command(file, args, timeoutMs === undefined ? {} : { timeoutMs });
    if (evidence.exitCode !== 0) return failed(name, command, evidence, maxLines);
    if (name === 'test' && ranNothing(evidence.tail)) return { pass: notConfigured(name, 'The command ran no test') };
    return { pass: passOf(name, 'PASS') };
  } catch (error) {
    if (!ConductorError.is(error, 'COMMAND_MISSING')) throw error;
    return missing(name, command, error);
  }
}

function failed(name: string, command: readonly string[], evidence: CommandEvidence, maxLines: number): Checked {
  const how = evidence.timedOut
    ? `was not done after ${evidence.durationMs} ms`
    : evidence.exitCode === null
      ? 'was ended by a signal'
      : `ended with exit code ${evidence.exitCode}`;
  const lines = failingLines(evidence.tail, maxLines);
  const place = lines.map(placeOf).find((found) => found !== undefined);
  const finding: Finding = {
    severity: 'error',
    code: 'COMMAND_FAILED',
    message: `\`${command.join(' ')}\` ${how}`,
    hint: 'Run it in the project and mend what it says.',
    item: name,
    evidence: lines,
    ...place,
  };
  return { pass: { ...passOf(name, 'FAIL'), reason: finding.message }, finding };
}

function missing(name: string, command: readonly string[], error: ConductorError): Checked {
  const message = `\`${command.join(' ')}\` cannot be run: ${error.message}`;
  const hint = error.hint ?? 'Install it, or change the command.';
  const finding: Finding = { severity: 'error', code: 'COMMAND_MISSING', message, hint, item: name };
  return { pass: { ...passOf(name, 'FAIL'), reason: message }, finding };
}

function passOf(name: string, verdict: EvaluationPass['verdict']): EvaluationPass {
  return { id: name, title: titles.get(name) ?? name, verdict };
}

function notConfigured(name: string, reason: string): EvaluationPass {
  return { ...passOf(name, 'NOT_CONFIGURED'), reason };
}

function verdictOfPasses(passes: readonly EvaluationPass[]): Evaluation['verdict'] {
  if (passes.some(({ verdict }) => verdict === 'FAIL')) return 'FAIL';
  return passes.some(({ verdict }) => verdict === 'PASS') ? 'PASS' : 'NA';
}

/** The summary of `node --test`, in both of its forms, when it found no test. */
function ranNothing(tail: string): boolean {
  return /^(?:#|ℹ) tests 0$/m.test(plainText(tail, Infinity));
}

const telling = /error|fail|not ok|✖|✗|×|assert|expected|exception|cannot |unexpected/i;
/** Counts of a summary speak of failures also when there are none. */
const counting = /^(?:#|ℹ) |^ *(?:Tests?|Test Files|Suites?|Snapshots?)\b.*\d/;

/** The first lines of an output that speak of a failure; where none does, the last ones. */
export function failingLines(tail: string, maxLines: number): string[] {
  const lines = plainText(tail, Infinity)
    .split('\n')
    .map((line) => line.trimEnd().slice(0, 300))
    .filter((line) => line.trim() !== '');
  const speaking = lines.filter((line) => telling.test(line) && !counting.test(line));
  return speaking.length === 0 ? lines.slice(-maxLines) : speaking.slice(0, maxLines);
}

/** The first place in the project that a line names: `src/a.ts(3,5)` or `src/a.ts:3:5`. */
function placeOf(line: string): Pick<Finding, 'path' | 'line' | 'column'> | undefined {
  const found = /(?:^|[\s(])((?:[\w.@-]{1,64}\/){0,16}[\w.@-]{1,64}\.[a-z]{1,4})[:(](\d{1,6})[:,](\d{1,6})/.exec(line);
  const [, path, row, column] = found ?? [];
  return path === undefined ? undefined : { path, line: Number(row), column: Number(column) };
}
