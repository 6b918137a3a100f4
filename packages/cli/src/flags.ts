import { usage } from './output.js';

/** Options as commander hands them over: texts, lists and booleans. */
export type Options = Readonly<Record<string, unknown>>;

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** A whole number of at least `min`. Throws `USAGE`. */
export function numberOption(options: Options, name: string, flag: string, min = 0): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw usage(`${flag} takes a whole number from ${min}, not ${JSON.stringify(text)}`, `${flag} ${min}`);
}

/** A number above 0. Throws `USAGE`. */
export function amountOption(options: Options, name: string, flag: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw usage(`${flag} takes a number above 0, not ${JSON.stringify(text)}`, `${flag} 1.5`);
}

/** One of a closed set. Throws `USAGE`. */
export function choiceOption<T extends string>(
  options: Options,
  name: string,
  flag: string,
  choices: readonly T[],
): T | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw usage(`${flag} takes one of ${choices.join(', ')}, not ${JSON.stringify(text)}`, `${flag} ${choices[0] ?? ''}`);
}
