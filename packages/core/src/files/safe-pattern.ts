import { compileSteps } from './pattern-steps.js';
import type { Step } from './pattern-steps.js';

/** A regular expression of somebody else, run in linear time. */
export interface SafePattern {
  /** True when the pattern is found in the text, without regard to case. Time grows with text length times pattern length. */
  test(text: string): boolean;
  /** States: what one character of text costs at most. */
  readonly size: number;
}

/** Why a pattern is not run. */
export interface RefusedPattern {
  readonly refused: string;
}

/**
 * Compiles an untrusted pattern (JavaScript syntax, flag `i`). The platform's engine backtracks and can be made to hang, so it
 * is asked for the syntax and for single characters only; the pattern itself runs on a set of states (Thompson 1968), which
 * visits no state twice for one character. Look-around and back-references have no such form and are refused, as is what is
 * longer than `maxLength` or repeats itself too often. Never throws.
 */
export function safePattern(source: string, maxLength: number): SafePattern | RefusedPattern {
  if (new TextEncoder().encode(source).byteLength > maxLength) return { refused: `longer than ${maxLength} bytes` };
  try {
    new RegExp(source, 'i');
  } catch {
    return { refused: 'no valid regular expression' };
  }
  const steps = compileSteps(source);
  return 'refused' in steps ? steps : { size: steps.steps.length, test: (text) => run(steps.steps, text) };
}

/** Two lists of states, each of them at most once: those that wait for this character, and those for the next one. */
function run(steps: readonly Step[], text: string): boolean {
  const seen = new Int32Array(steps.length).fill(-1);
  let current: number[] = [];
  for (let at = 0; at <= text.length; at += 1) {
    const waiting: number[] = [];
    // A match may begin at every character; state 0 goes last, where it finds most states visited.
    for (const state of [...current, 0]) if (follow(steps, state, text, at, seen, waiting)) return true;
    const char = text.charCodeAt(at);
    current = waiting.flatMap((state) => {
      const step = steps[state];
      return step?.kind === 'char' && at < text.length && step.matches(char) ? [step.next] : [];
    });
  }
  return false;
}

/** Goes on from a state without a character; true at the end of the pattern. */
function follow(
  steps: readonly Step[],
  from: number,
  text: string,
  at: number,
  seen: Int32Array,
  waiting: number[],
): boolean {
  const stack = [from];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (seen[state] === at) continue;
    seen[state] = at;
    const step = steps[state];
    if (step === undefined || step.kind === 'end') return true;
    if (step.kind === 'char') waiting.push(state);
    else if (step.kind === 'fork') stack.push(...step.next);
    else if (holds(step.at, text, at)) stack.push(step.next);
  }
  return false;
}

function holds(what: 'start' | 'end' | 'word' | 'inside', text: string, at: number): boolean {
  if (what === 'start') return at === 0;
  if (what === 'end') return at === text.length;
  const boundary = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at));
  return what === 'word' ? boundary : !boundary;
}

function isWord(code: number): boolean {
  return !Number.isNaN(code) && /\w/.test(String.fromCharCode(code));
}
