import type { Step } from '../track/model.js';

/** What the value of a parameter is: `path` and `paths` (separated by commas) stay below the root of the project. */
export type ParameterKind = 'path' | 'paths' | 'text';

/** One parameter of a published command line, without its dashes. */
export interface DispatchParameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Of an optional parameter; a path of the documents is relative to their folder. Absent: left out when nobody gives it. */
  readonly default?: string;
}

/** One agent of the loop: its name in both families, and the parameters it is called with. */
export interface DispatchRow {
  readonly step: Step;
  /** Name under `superpower_enhanced: true`. */
  readonly superpower: string;
  /** Name without the flag; absent: that family has no such agent. */
  readonly legacy?: string;
  readonly required: readonly DispatchParameter[];
  readonly optional: readonly DispatchParameter[];
  /** Parameter whose file must exist before the call. */
  readonly input?: string;
}

const path = (name: string): DispatchParameter => ({ name, kind: 'path' });
const text = (name: string, value?: string): DispatchParameter => ({
  name,
  kind: 'text',
  ...(value !== undefined && { default: value }),
});

/**
 * The agents of the evaluate-loop as data (R16): `superpowers:*` and `loop-*` are two names of one row, called with the same
 * parameters. What is not here (evaluators, board, leads, business documents) is the same in both families.
 */
export const dispatchTable: readonly DispatchRow[] = Object.freeze([
  {
    step: 'BRAINSTORM',
    superpower: 'superpowers:brainstorming',
    required: [text('context'), path('output-dir'), text('track-id')],
    optional: [text('options-count', '3')],
  },
  {
    step: 'PLAN',
    superpower: 'superpowers:writing-plans',
    legacy: 'loop-planner',
    required: [path('spec'), path('output-dir'), text('track-id'), path('metadata')],
    optional: [
      { name: 'context-files', kind: 'paths', default: 'tech-stack.md,workflow.md,product.md' },
      text('format', 'markdown'),
      text('include-dag', 'true'),
    ],
    input: 'spec',
  },
  {
    step: 'EXECUTE',
    superpower: 'superpowers:executing-plans',
    legacy: 'loop-executor',
    required: [path('plan'), path('track-dir'), path('metadata'), text('track-id')],
    optional: [text('mode', 'parallel'), text('resume-from')],
    input: 'plan',
  },
  {
    step: 'FIX',
    superpower: 'superpowers:systematic-debugging',
    legacy: 'loop-fixer',
    required: [path('failures'), path('track-dir'), path('metadata'), text('track-id')],
    optional: [text('max-attempts', '3')],
    input: 'failures',
  },
] satisfies DispatchRow[]);

/** Agents that are the same in both families, by step. */
const shared: Readonly<Partial<Record<Step, string>>> = {
  EVALUATE_PLAN: 'loop-plan-evaluator',
  EVALUATE_EXECUTION: 'loop-execution-evaluator',
  BUSINESS_SYNC: 'business-docs-sync',
};

/** The agent of a step in the family that the track's flag chooses; `undefined` where that family has none. */
export function agentNameOf(step: Step, superpower: boolean): string | undefined {
  const row = dispatchTable.find((one) => one.step === step);
  if (row) return superpower ? row.superpower : row.legacy;
  return shared[step];
}

/** The row of an agent by either of its names. */
export function dispatchRowOf(agent: string): DispatchRow | undefined {
  return dispatchTable.find(({ superpower, legacy }) => superpower === agent || legacy === agent);
}
