/** What an agent said in plain words about its work. */
export interface SpokenVerdict {
  readonly status: 'done' | 'failed' | 'blocked';
  /** The line that decided. */
  readonly line: string;
}

export interface VerdictWords {
  add(line: string): void;
  /** `undefined` when no line held any of the words. */
  verdict(): SpokenVerdict | undefined;
}

/** Decoration of Markdown around a word is let through; the words themselves stand in capitals, as compilers do not write them. */
const spoken =
  /^[\s>#*_`-]{0,12}(VERDICT|TASKS COMPLETED|FIXES APPLIED|BLOCKED|ERROR)[*_`]{0,3}:[*_`\s]{0,8}(.{0,300})/u;

/**
 * Reads the free text of an agent for `VERDICT: PASS`, `TASKS COMPLETED: n/n` and `FIXES APPLIED: n`, against `VERDICT: FAIL`,
 * `BLOCKED:`, `ERROR:` and unfinished tasks. A word of failure stands until a later `VERDICT: PASS` takes it back: no success
 * by accident. Linear; keeps one line.
 */
export function verdictWords(): VerdictWords {
  let failure: SpokenVerdict | undefined;
  let success: SpokenVerdict | undefined;
  return {
    add(line) {
      const [, word, rest = ''] = spoken.exec(line) ?? [];
      if (word === undefined) return;
      const status = statusOf(word, rest.trim());
      if (status === undefined) return;
      const said = { status, line: line.trim().slice(0, 320) };
      if (status !== 'done') failure = said;
      else {
        success = said;
        if (word === 'VERDICT') failure = undefined;
      }
    },
    verdict: () => failure ?? success,
  };
}

function statusOf(word: string, rest: string): SpokenVerdict['status'] | undefined {
  switch (word) {
    case 'VERDICT':
      if (/^PASS(?:ED)?\b/.test(rest)) return 'done';
      if (/^BLOCKED\b/.test(rest)) return 'blocked';
      return /^FAIL(?:ED)?\b/.test(rest) ? 'failed' : undefined;
    case 'TASKS COMPLETED': {
      const [, done, total] = /^(\d{1,6})\s{0,3}\/\s{0,3}(\d{1,6})\b/.exec(rest) ?? [];
      if (done === undefined || total === undefined) return undefined;
      return Number(done) >= Number(total) ? 'done' : 'failed';
    }
    case 'FIXES APPLIED':
      return /^\d{1,6}\b/.test(rest) ? 'done' : undefined;
    case 'BLOCKED':
      return 'blocked';
    default:
      return 'failed';
  }
}
