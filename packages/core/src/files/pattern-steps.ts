/** One state of a compiled pattern. */
export type Step =
  | { readonly kind: 'char'; readonly matches: (code: number) => boolean; readonly next: number }
  | { readonly kind: 'fork'; readonly next: readonly number[] }
  | { readonly kind: 'assert'; readonly at: 'start' | 'end' | 'word' | 'inside'; readonly next: number }
  | { readonly kind: 'end' };

/** A pattern as a tree. */
type Node =
  | { readonly kind: 'char'; readonly matches: (code: number) => boolean }
  | { readonly kind: 'assert'; readonly at: 'start' | 'end' | 'word' | 'inside' }
  | { readonly kind: 'all'; readonly of: readonly Node[] }
  | { readonly kind: 'any'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number };

/** More than a literal of 1 KiB needs. */
const maxSteps = 1500;
const maxDepth = 50;

/** Thrown and caught in this file only. */
class Refusal extends Error {}

/** The states of a pattern that the platform has found valid; the first one is 0. Refuses what cannot be run in linear time. */
export function compileSteps(source: string): { readonly steps: readonly Step[] } | { readonly refused: string } {
  try {
    const builder = new Builder();
    builder.build(new PatternReader(source).read());
    return { steps: builder.steps };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

const quantifier = /(?:([*+?])|\{(\d{1,9})(?:(,)(\d{0,9}))?\})\??/y;
const classEscape = /^[dDwWsS]$/;
const escape = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|c[A-Za-z]|[\s\S])/y;
const set = /\[(?:[^\]\\]|\\[\s\S])*\]/y;

class PatternReader {
  readonly #source: string;
  readonly #chars = new Map<string, (code: number) => boolean>();
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): Node {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw new Refusal(`cannot be read at character ${this.#at + 1}`);
    return node;
  }

  #choice(): Node {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new Refusal(`groups nested deeper than ${maxDepth}`);
    const branches = [this.#sequence()];
    while (this.#skip('|')) branches.push(this.#sequence());
    this.#depth -= 1;
    return { kind: 'any', of: branches };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) {
      parts.push(this.#quantified(this.#atom()));
    }
    return { kind: 'all', of: parts };
  }

  #quantified(node: Node): Node {
    const [whole, sign, from, comma, to] = this.#match(quantifier) ?? [];
    if (whole === undefined) return node;
    const min = sign === undefined ? Number(from) : sign === '+' ? 1 : 0;
    const open = sign === undefined ? comma !== undefined && to === '' : sign !== '?';
    const max = open ? Infinity : sign === '?' ? 1 : Number(to ?? from);
    return { kind: 'repeat', of: node, min, max };
  }

  #atom(): Node {
    const char = this.#source.charAt(this.#at);
    if (char === '^' || char === '$') return this.#assertion(1, char === '^' ? 'start' : 'end');
    if (char === '(') return this.#group();
    if (char === '[') return this.#char(this.#match(set)?.[0] ?? '');
    if (char === '\\') return this.#escaped();
    this.#at += 1;
    return this.#char(char, char === '.' ? '.' : /[\^$\\*+?()[\]{}|/]/.test(char) ? `\\${char}` : char);
  }

  #group(): Node {
    this.#at += 1;
    if (this.#skip('?') && !this.#skip(':') && !this.#match(/<[\p{L}$_][\p{L}\d$_]{0,50}>/uy))
      throw new Refusal('looks ahead or behind, which is not supported');
    const node = this.#choice();
    this.#skip(')');
    return node;
  }

  #escaped(): Node {
    const raw = this.#match(escape)?.[0] ?? '';
    const letter = raw.charAt(1);
    if (raw === '\\b' || raw === '\\B') return this.#assertion(0, letter === 'b' ? 'word' : 'inside');
    if (/[1-9k]/.test(letter)) throw new Refusal('refers back to a group, which is not supported');
    if (letter === 'c' && raw.length === 2) throw new Refusal('has an incomplete control character');
    return this.#char(raw, classEscape.test(letter) ? raw : undefined);
  }

  #assertion(length: number, at: 'start' | 'end' | 'word' | 'inside'): Node {
    this.#at += length;
    return { kind: 'assert', at };
  }

  /** The platform says which characters one atom means; it sees one character at a time and cannot backtrack. */
  #char(key: string, source = key): Node {
    const known = this.#chars.get(key);
    const matches = known ?? matcher(source);
    this.#chars.set(key, matches);
    return { kind: 'char', matches };
  }

  #skip(char: string): boolean {
    if (this.#source.charAt(this.#at) !== char) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found) this.#at += found[0].length;
    return found ?? undefined;
  }
}

function matcher(source: string): (code: number) => boolean {
  const pattern = new RegExp(`^(?:${source})$`, 'i');
  const answers = new Map<number, boolean>();
  return (code) => {
    const known = answers.get(code);
    if (known !== undefined) return known;
    const answer = pattern.test(String.fromCharCode(code));
    answers.set(code, answer);
    return answer;
  };
}

/** Lays the tree out as states, from its end to its beginning; state 0 is put before the rest at last. */
class Builder {
  readonly steps: Step[] = [{ kind: 'fork', next: [] }, { kind: 'end' }];

  build(node: Node): void {
    this.steps[0] = { kind: 'fork', next: [this.#before(node, 1)] };
  }

  /** The state at which `node` begins when `next` follows it. */
  #before(node: Node, next: number): number {
    if (node.kind === 'char') return this.#add({ kind: 'char', matches: node.matches, next });
    if (node.kind === 'assert') return this.#add({ kind: 'assert', at: node.at, next });
    if (node.kind === 'all') return node.of.reduceRight((after, part) => this.#before(part, after), next);
    if (node.kind === 'any')
      return this.#add({ kind: 'fork', next: node.of.map((branch) => this.#before(branch, next)) });
    return this.#repeat(node, next);
  }

  #repeat({ of, min, max }: Extract<Node, { kind: 'repeat' }>, next: number): number {
    if (min > maxSteps || (max !== Infinity && max > maxSteps))
      throw new Refusal(`repeats more than ${maxSteps} times`);
    let start = next;
    if (max === Infinity) {
      const loop = this.#add({ kind: 'fork', next: [] });
      this.steps[loop] = { kind: 'fork', next: [this.#before(of, loop), next] };
      start = loop;
    } else {
      for (let count = min; count < max; count += 1)
        start = this.#add({ kind: 'fork', next: [this.#before(of, start), next] });
    }
    for (let count = 0; count < min; count += 1) start = this.#before(of, start);
    return start;
  }

  #add(step: Step): number {
    if (this.steps.length >= maxSteps) throw new Refusal(`has more than ${maxSteps} states`);
    return this.steps.push(step) - 1;
  }
}
