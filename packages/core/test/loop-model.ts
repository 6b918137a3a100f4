/**
 * A second loop, read out of the tables of `docs/loop.md`. It imports nothing, so that it can share no mistake with the
 * one that it is compared with.
 */

/** Everything that the conditions of the document speak of, by the words it uses. */
export type ModelFacts = Readonly<Record<string, number | string>>;

export interface ModelState {
  readonly step: string;
  readonly status: string;
  readonly facts: ModelFacts;
}

export interface ModelRow {
  readonly id: string;
  readonly step: string;
  readonly status: string;
  /** Words of the condition; empty: always. */
  readonly when: string;
  readonly does: 'start' | 'go on' | 'move' | 'ask' | 'open again' | 'finish';
  /** Why a person is asked. */
  readonly reason?: string;
  /** Absent: the same step. */
  readonly nextStep?: string;
  readonly nextStatus: string;
  /** The fact that the row raises by one. */
  readonly counts?: string;
}

export interface LoopModel {
  readonly steps: readonly string[];
  readonly statuses: readonly string[];
  readonly rows: readonly ModelRow[];
  /** Condition by condition, what it asks of the facts. */
  readonly conditions: ReadonlyMap<string, readonly (readonly [fact: string, relation: string, other: string])[]>;
  readonly start: { readonly step: string; readonly status: string };
  /** The row that decides, or `undefined` for a state that is invalid. */
  rowFor(state: ModelState): ModelRow | undefined;
  /** Where a command leads; `undefined`: it is refused as invalid. */
  after(state: ModelState, command: ModelCommand): ModelState | undefined;
}

export type ModelCommand = 'start' | 'pass' | 'fail' | 'ask' | 'answer' | 'crash';

/** Throws for a document that does not have the tables, or says something that is not understood. */
export function readLoop(markdown: string): LoopModel {
  const lists = /The steps are ([^;]+); a status is ([^.]+)\./u.exec(markdown.replaceAll(/\s+/gu, ' '));
  const first = /a new track stands at ([A-Z_]+) \/ ([A-Z_]+)/u.exec(markdown.replaceAll(/\s+/gu, ' '));
  if (!lists || !first)
    throw new Error('The document does not list steps and statuses, or does not say where a track begins');
  const steps = words(lists[1] ?? '');
  const statuses = words(lists[2] ?? '');
  const conditions = new Map(tableOf(markdown, 'Condition').map(([name = '', holds = '']) => [name, terms(holds)]));
  const rows = tableOf(markdown, 'Row').map(rowOf);
  for (const { step, status, when, nextStep, nextStatus } of rows) {
    const known =
      [...steps, 'any'].includes(step) &&
      [...statuses, 'any'].includes(status) &&
      (when === '' || conditions.has(when)) &&
      (nextStep === undefined || steps.includes(nextStep)) &&
      statuses.includes(nextStatus);
    if (!known) throw new Error(`Not understood: ${step} / ${status} when "${when}" then ${nextStep} / ${nextStatus}`);
  }

  const rowFor = (state: ModelState) =>
    rows.find(
      (row) =>
        (row.step === 'any' || row.step === state.step) &&
        (row.status === 'any' || row.status === state.status) &&
        (conditions.get(row.when) ?? []).every((term) => holds(term, state)),
    );

  /** A step ends: its row is that of the status it ends with. */
  const end = (state: ModelState, status: string): ModelState | undefined => {
    const row = rowFor({ ...state, status });
    if (row?.does === 'move' || row?.does === 'finish') return moved(state, row);
    return row && { ...state, status }; // to be asked about, or to go on: it stays as it is
  };

  const commands: Readonly<Record<ModelCommand, (state: ModelState) => ModelState | undefined>> = {
    start(state) {
      const row = rowFor(state);
      const may =
        row?.does === 'start' ||
        row?.does === 'open again' ||
        (row?.does === 'go on' && state.status === 'FAILED') ||
        (row?.does === 'finish' && state.status === 'NOT_STARTED');
      return may ? { ...state, status: 'IN_PROGRESS' } : undefined;
    },
    pass(state) {
      if (!['IN_PROGRESS', 'PASSED', 'SKIPPED'].includes(state.status)) return undefined;
      // Work that is open fails its evaluation, whatever its verdicts say.
      const open = Number(state.facts['runnable tasks']) + Number(state.facts['stuck tasks']) > 0;
      if (state.step === 'EVALUATE_EXECUTION' && state.status === 'IN_PROGRESS' && open) return undefined;
      return end(state, state.status === 'SKIPPED' ? 'SKIPPED' : 'PASSED');
    },
    fail: (state) => (['IN_PROGRESS', 'FAILED'].includes(state.status) ? end(state, 'FAILED') : undefined),
    ask(state) {
      const blockers = Number(state.facts['open blockers']);
      if (state.status === 'BLOCKED' && blockers > 0) return state;
      return { ...state, status: 'BLOCKED', facts: { ...state.facts, 'open blockers': blockers + 1 } };
    },
    answer: (state) => ({ ...state, status: 'NOT_STARTED', facts: { ...state.facts, 'open blockers': 0 } }),
    crash: (state) => state,
  };

  const [, step = '', status = ''] = first;
  return {
    steps,
    statuses,
    rows,
    conditions,
    start: { step, status },
    rowFor,
    after: (state, command) => commands[command](state),
  };
}

function moved({ step, facts }: ModelState, { nextStep, nextStatus, counts }: ModelRow): ModelState {
  return {
    step: nextStep ?? step,
    status: nextStatus,
    facts: counts === undefined ? facts : { ...facts, [counts]: Number(facts[counts]) + 1 },
  };
}

function rowOf([
  id = '',
  step = '',
  status = '',
  when = '',
  does = '',
  then = '',
  counts = '',
]: readonly string[]): ModelRow {
  const [verb = '', reason] = does.split(': ');
  const [last = '', before] = then.split(' / ').reverse();
  const verbs = ['start', 'go on', 'move', 'ask', 'open again', 'finish'] as const;
  const known = verbs.find((one) => one === verb);
  if (known === undefined) throw new Error(`${id}: nothing is known to happen by "${does}"`);
  const raised = /^(.+) \+ 1$/u.exec(counts)?.[1];
  if (counts !== '' && raised === undefined) throw new Error(`${id}: "${counts}" counts nothing`);
  return {
    id,
    step,
    status,
    when,
    does: known,
    nextStatus: last,
    ...(reason !== undefined && { reason }),
    ...(before !== undefined && { nextStep: before }),
    ...(raised !== undefined && { counts: raised }),
  };
}

/** Cells of the table whose first heading is this, without its two head lines. */
function tableOf(markdown: string, heading: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const from = lines.findIndex((line) => cells(line)[0] === heading);
  if (from < 0) throw new Error(`There is no table with a column ${heading}`);
  const rest = lines.slice(from + 2);
  const until = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, until < 0 ? rest.length : until).map(cells);
}

const cells = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

const words = (list: string) => list.split(/, | and | or /u).map((word) => word.trim());

function terms(text: string): readonly (readonly [string, string, string])[] {
  return text.split(' and ').map((term) => {
    const [, fact, relation, other] = /^(.+?) (<|>=|>|=) (.+)$/u.exec(term) ?? [];
    if (fact === undefined || relation === undefined || other === undefined) throw new Error(`No condition: "${term}"`);
    return [fact, relation, other];
  });
}

function holds([fact, relation, other]: readonly [string, string, string], state: ModelState): boolean {
  const of = (name: string) => (name === 'step' ? state.step : state.facts[name]);
  const left = of(fact);
  if (left === undefined) throw new Error(`The document speaks of "${fact}", of which the model knows nothing`);
  const right = of(other) ?? other;
  if (relation === '=') return String(left) === String(right);
  const [a, b] = [Number(left), Number(right)];
  if (relation === '<') return a < b;
  return relation === '>' ? a > b : a >= b;
}
