import { normalizePublishedPath } from '../files/published-path.js';
import { ConductorError } from '../kernel/error.js';
import type { DispatchParameter, DispatchRow } from './dispatch-table.js';

/** Values of parameters by name, without dashes. */
export type AgentValues = Readonly<Record<string, string | undefined>>;

/**
 * The argument list of an agent, `--name=value` each: the required parameters, then the optional ones with their defaults, in
 * the order of the table; parameters that the table does not know follow as they are given (C-59). `documents` is the folder
 * that defaults are relative to. Pure. Throws `VALIDATION_FAILED` for a missing or unspeakable parameter, `PATH_UNSAFE` for a path
 * that is absolute or climbs with `..`.
 */
export function agentArguments(row: DispatchRow, values: AgentValues, documents = 'conductor'): readonly string[] {
  const given = new Map(Object.entries(values));
  const known = [...row.required, ...row.optional];
  const missing = row.required.filter(({ name }) => (given.get(name) ?? '') === '').map(({ name }) => `--${name}`);
  if (missing.length > 0) {
    throw new ConductorError('VALIDATION_FAILED', `${row.superpower} needs ${missing.join(', ')}`, {
      details: { missing },
    });
  }
  const extras = [...given.keys()]
    .filter((name) => !known.some((parameter) => parameter.name === name))
    .map((name): DispatchParameter => ({ name, kind: 'text' }));
  return [...known, ...extras].flatMap((parameter) => {
    const value = given.get(parameter.name) ?? defaultOf(parameter, documents);
    return value === undefined ? [] : [`--${nameOf(parameter)}=${checked(parameter, value)}`];
  });
}

/** `Task 2.3`, as `last_task` is stored, or `2.3`: the parameter goes without the word, and names the first task to run (C-41). */
export function resumeFrom(task: string): string {
  return task.replace(/^task[ \t]{1,4}/i, '').trim();
}

function defaultOf({ kind, default: value }: DispatchParameter, documents: string): string | undefined {
  if (kind !== 'paths' || value === undefined) return value;
  return value
    .split(',')
    .map((file) => `${documents}/${file}`)
    .join(',');
}

function nameOf({ name }: DispatchParameter): string {
  if (/^[a-z][a-z0-9-]{0,63}$/.test(name)) return name;
  throw new ConductorError('VALIDATION_FAILED', `${JSON.stringify(name.slice(0, 100))} is no name of a parameter`);
}

function checked({ name, kind }: DispatchParameter, value: string): string {
  if (kind === 'path') return pathOf(value);
  if (kind === 'paths') return value.split(',').map(pathOf).join(',');
  if (value.includes('\0'))
    throw new ConductorError('VALIDATION_FAILED', `--${name} holds a character that no argument can`);
  return value;
}

/** A folder keeps the slash at its end, as published. */
function pathOf(value: string): string {
  return `${normalizePublishedPath(value)}${/[/\\]$/.test(value) ? '/' : ''}`;
}
