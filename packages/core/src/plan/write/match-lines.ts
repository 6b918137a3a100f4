/** Above this many pairs, lines without an anchor between them count as all changed: time stays near linear on any input. */
const maxPairs = 250_000;

/** How often each line may be looked at for anchors: a text that is made to split at one line after the other is not followed to its end. */
const maxLooks = 16;

interface Range {
  readonly a: number;
  readonly aEnd: number;
  readonly b: number;
  readonly bEnd: number;
}

/**
 * Which line of `b` each line of `a` became, -1 for none; the matches never cross. Patience diff (Bram Cohen): lines that stand
 * once in both are anchors, what lies between them is matched in its turn; where there are none, the longest common subsequence.
 */
export function matchLines(a: readonly string[], b: readonly string[]): readonly number[] {
  const matches = a.map(() => -1);
  const open: Range[] = [{ a: 0, aEnd: a.length, b: 0, bEnd: b.length }];
  let looks = maxLooks * (a.length + b.length);
  for (let range = open.pop(); range; range = open.pop()) {
    const inner = trim(a, b, range, matches);
    if (inner.a === inner.aEnd || inner.b === inner.bEnd) continue;
    looks -= inner.aEnd - inner.a + inner.bEnd - inner.b;
    if (looks < 0) continue;
    const anchors = anchorsOf(a, b, inner);
    if (anchors.length === 0) matchShort(a, b, inner, matches);
    else open.push(...between(inner, anchors, matches));
  }
  return matches;
}

/** Matches what is equal at both ends of a range and gives what is left. */
function trim(a: readonly string[], b: readonly string[], range: Range, matches: number[]): Range {
  let { a: start, b: other, aEnd, bEnd } = range;
  while (start < aEnd && other < bEnd && a[start] === b[other]) matches[start++] = other++;
  while (aEnd > start && bEnd > other && a[aEnd - 1] === b[bEnd - 1]) matches[--aEnd] = --bEnd;
  return { a: start, aEnd, b: other, bEnd };
}

type Anchor = readonly [a: number, b: number];

/** Lines that stand once on each side, as the longest chain that does not cross. */
function anchorsOf(a: readonly string[], b: readonly string[], range: Range): readonly Anchor[] {
  const inA = onceIn(a, range.a, range.aEnd);
  const inB = onceIn(b, range.b, range.bEnd);
  const pairs = [...inA].flatMap(([line, at]): readonly Anchor[] => {
    const other = inB.get(line);
    return at < 0 || other === undefined || other < 0 ? [] : [[at, other]];
  });
  return longestChain(pairs);
}

/** Place of each line, -1 for one that stands more than once. */
function onceIn(lines: readonly string[], from: number, to: number): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (let at = from; at < to; at += 1) {
    const line = lines[at] ?? '';
    places.set(line, places.has(line) ? -1 : at);
  }
  return places;
}

/** Longest increasing subsequence of the second places, by patience sorting. O(n log n). */
function longestChain(pairs: readonly Anchor[]): readonly Anchor[] {
  const tops: number[] = [];
  const before: number[] = [];
  pairs.forEach(([, place], index) => {
    let low = 0;
    for (let high = tops.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((pairs[tops[middle] ?? 0]?.[1] ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? -1 : (tops[low - 1] ?? -1);
    tops[low] = index;
  });
  const chain: Anchor[] = [];
  for (let at = tops.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) {
    const pair = pairs[at];
    if (pair) chain.push(pair);
  }
  return chain.reverse();
}

function between(range: Range, anchors: readonly Anchor[], matches: number[]): readonly Range[] {
  const ranges: Range[] = [];
  let { a, b } = range;
  for (const [at, other] of anchors) {
    matches[at] = other;
    ranges.push({ a, aEnd: at, b, bEnd: other });
    a = at + 1;
    b = other + 1;
  }
  ranges.push({ a, aEnd: range.aEnd, b, bEnd: range.bEnd });
  return ranges;
}

/** Longest common subsequence by the textbook table. */
function matchShort(a: readonly string[], b: readonly string[], range: Range, matches: number[]): void {
  const rows = range.aEnd - range.a;
  const columns = range.bEnd - range.b;
  if (rows * columns > maxPairs) return;
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  const length = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        a[range.a + row] === b[range.b + column]
          ? length(row + 1, column + 1) + 1
          : Math.max(length(row + 1, column), length(row, column + 1));
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (a[range.a + row] === b[range.b + column]) matches[range.a + row++] = range.b + column++;
    else if (length(row + 1, column) >= length(row, column + 1)) row += 1;
    else column += 1;
  }
}
