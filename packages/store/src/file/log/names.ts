/** The name of a file of lines, counted from 1. */
export const logNameOf = (file: number): string => `log-${String(file).padStart(6, '0')}.jsonl`;

/** The name of the base that stands for all files of lines up to this one. */
export const baseNameOf = (file: number): string => `base-${String(file).padStart(6, '0')}.jsonl`;

/** A base that is being written. */
export const temporaryBase = 'base.tmp';

/** The number in a name of a kind; `undefined` for every other name. */
export function fileNumber(kind: 'log' | 'base', name: string): number | undefined {
  const [, digits] = new RegExp(`^${kind}-(\\d{6,15})\\.jsonl$`, 'u').exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
