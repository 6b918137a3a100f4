import { capped, plainLine } from '../plain-text.js';

/** Sentences in a plan or a spec that call for an objection, unless the sentence itself rules the thing out. */
export const signalPatterns = {
  unboundedWork:
    /\b(?:unbounded|infinite loop|no pagination|without (?:any |a )?(?:limit|paging|pagination)|select \* from|(?:load|read|fetch|select)(?:s|es|ing)? (?:all|every) (?:the )?rows?|(?:all|every) (?:the )?records?)\b|\bwhile ?\(true\)/i,
  breakingChange:
    /\b(?:breaking change|drop(?:s|ping)? (?:the )?(?:column|table)|remove[sd]? (?:the |a )?public (?:api|function|endpoint|option))\b/i,
  noErrorHandling: /\b(?:no|without|skip) (?:any )?error handling\b/i,
  rawInput:
    /\b(?:raw sql|raw (?:user )?input|(?:concatenat|interpolat)\w{1,8} [^.;]{0,60}\b(?:sql|quer(?:y|ies))|unsaniti[sz]ed|innerhtml)\b|\beval ?\(/i,
  noAuthentication:
    /\b(?:unauthenticated|(?:without(?: any)?|(?:skip|disable|bypass)(?:s|d|es|ped|ping)?) auth(?:entication|ori[sz]ation)?)\b/i,
  personalDataInLogs:
    /\blog(?:s|ging|ged)? (?:the |a |an |user |full )?(?:passwords?|tokens?|e-?mails?|card numbers?|credit cards?|personal data|ssn)\b/i,
  protectionOff:
    /\b(?:(?:disable|relax|turn off)(?:s|d)? (?:the )?(?:csp|cors|tls|ssl|certificate|security headers?)|rejectunauthorized: ?false|verify ?= ?false|security headers? off)\b/i,
  unboundedCost:
    /\b(?:unlimited (?:budget|retries|spending|cost)|retr(?:y|ies|ied|ying) forever|(?:no|without) (?:a )?rate limit)\b/i,
  noBuffer: /\b(?:(?:no|zero|without) (?:time )?(?:buffer|slack))\b/i,
  singlePoint: /\bsingle point of failure\b/i,
  colourOnly: /\b(?:colou?r (?:alone|only)|only (?:by|through|with) colou?r)\b/i,
  crypticErrors:
    /\b(?:error codes? only|only (?:an )?error codes?|generic error messages?|swallow(?:s|ing)? (?:all )?(?:errors?|exceptions?)|silently (?:ignore|fail|drop)(?:s|ing)?)\b/i,
  noKeyboard: /\b(?:mouse only|(?:no|without) keyboard)\b/i,
} as const satisfies Readonly<Record<string, RegExp>>;
export type Signal = keyof typeof signalPatterns;

/** Matters that a plan may speak of; here the absence is what a director notices. */
export const mentionPatterns = {
  migration: /\b(?:migrat\w{1,6}|deprecat\w{1,6}|backwards?[- ]compat\w{1,10})\b/i,
  rollback: /\b(?:rollback|roll(?:s|ed)? back|revert\w{0,4}|backups?|restore|canary|feature flags?)\b/i,
  deploy: /\b(?:deploy\w{0,6}|roll-?out|in production|to production)\b/i,
  externalService: /\b(?:external|third[- ]party|remote) (?:apis?|services?)\b|\bwebhooks?\b/i,
  failureHandling: /\b(?:time-?outs?|retr(?:y|ies|ied)|fallbacks?|error handling|backoff|circuit breakers?)\b/i,
  accessibility: /\b(?:accessib\w{2,6}|a11y|keyboard|aria|wcag|screen readers?|focus)\b/i,
  uiStates: /\b(?:loading|empty states?|error states?|skeletons?|spinners?|progress bar)\b/i,
} as const satisfies Readonly<Record<string, RegExp>>;
export type Mention = keyof typeof mentionPatterns;

/** One sentence that a signal was found in. */
export interface SignalFinding {
  readonly signal: Signal;
  readonly where: string;
  /** 1-based. */
  readonly line: number;
  readonly excerpt: string;
}

/** The clause up to the match takes the thing back: "reject unauthenticated requests", "never log tokens". */
const ruledOut =
  /\b(?:no|not|never|avoid\w{0,3}|without|don't|doesn't|cannot|forbid\w{0,4}|prevent\w{0,3}|refus\w{1,4}|reject\w{0,3}|den(?:y|ies)|instead of|remov(?:e|es|ing)|fix(?:es|ing)?|replac(?:e|es|ing))\b[^.;:]{0,60}$/i;
const outOfScope = /^#{1,6}\s{1,4}.{0,40}\b(?:out of scope|non-goals?|not in scope)\b/i;
const heading = /^#{1,6}\s/;

/** Text of one line that is looked at; the rest of a longer one is somebody's data, not a sentence. */
const lineLength = 2000;
const perSignal = 20;

/** Signals in one text, by line. What stands under "Out of Scope" is not proposed. Linear in the length. */
export function findSignals(where: string, text: string): readonly SignalFinding[] {
  const findings: SignalFinding[] = [];
  const counts = new Map<Signal, number>();
  for (const { line, number } of proposedLines(text)) {
    for (const [name, pattern] of Object.entries(signalPatterns)) {
      const signal = name as Signal; // keys of the table
      const match = pattern.exec(line);
      const count = counts.get(signal) ?? 0;
      if (!match || count >= perSignal || ruledOut.test(line.slice(Math.max(0, match.index - 80), match.index)))
        continue;
      counts.set(signal, count + 1);
      findings.push({ signal, where, line: number, excerpt: capped(plainLine(line), 120) });
    }
  }
  return findings;
}

/** Matters that any of the texts speaks of. */
export function findMentions(texts: readonly string[]): readonly Mention[] {
  const found = new Set<Mention>();
  for (const text of texts) {
    for (const { line } of proposedLines(text)) {
      for (const [name, pattern] of Object.entries(mentionPatterns)) if (pattern.test(line)) found.add(name as Mention); // keys of the table
    }
  }
  return [...found].sort();
}

function* proposedLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let skipping = false;
  let number = 0;
  for (const whole of text.split('\n')) {
    number += 1;
    const line = whole.slice(0, lineLength);
    if (heading.test(line)) skipping = outOfScope.test(line);
    if (!skipping) yield { line, number };
  }
}
