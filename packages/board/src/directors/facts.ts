import { ConductorError } from '@conductor/core';
import type { Facts, Task } from '@conductor/core';
import type { Json } from '@conductor/core/ports';
import * as z from '@conductor/core/schema';
import { sensitiveMatters } from '../convene.js';
import { scanSecrets } from './scan-secrets.js';
import { findMentions, findSignals } from './signals.js';

const text = z.string();
const texts = z.array(text).default([]);

/** A task as directors see it. */
export const TaskFact = z.object({
  id: text,
  title: text,
  type: text.default('code'),
  files: texts,
  dependsOn: texts,
  acceptance: text.exactOptional(),
  estimateMinutes: z.number().exactOptional(),
});
export type TaskFact = z.infer<typeof TaskFact>;

/**
 * Topics that the standard directors read. All are optional: a board on a bare proposal has no plan, and then what needs one
 * is not asked. Topics of other directors may stand beside them.
 */
export const BoardFacts = z.object({
  track: z.object({ type: text, priority: text }).exactOptional(),
  /** Items of the spec, each one line. */
  spec: z.object({ requirements: texts, acceptance: texts, outOfScope: texts }).exactOptional(),
  plan: z.object({ revision: z.int().min(0), tasks: z.array(TaskFact) }).exactOptional(),
  /** What looks like a secret: kind and place, never the value. `where` is spec, plan, or the name of a further text. */
  secrets: z.array(z.object({ kind: text, where: text, line: z.int() })).default([]),
  /** Sentences of spec and plan that call for an objection. */
  signals: z.array(z.object({ signal: text, where: text, line: z.int(), excerpt: text })).default([]),
  /** Matters that spec or plan speak of: rollback, accessibility … */
  mentions: texts,
  /** Sensitive matters that a requirement or a task names by whole words: auth, payments, data protection. */
  sensitive: texts,
  sizes: z
    .object({ specCharacters: z.int(), planCharacters: z.int(), tasks: z.int(), estimateMinutes: z.number() })
    .exactOptional(),
});
export type BoardFacts = z.infer<typeof BoardFacts>;

/** What the facts of a board are made from: plain data, gathered by the host. */
export interface BoardFactsInput {
  readonly track?: { readonly type: string; readonly priority: string };
  readonly spec?: {
    readonly text: string;
    readonly requirements: readonly string[];
    readonly acceptance: readonly string[];
    readonly outOfScope?: readonly string[];
  };
  readonly plan?: {
    readonly text: string;
    readonly revision: number;
    readonly tasks: readonly Pick<
      Task,
      'id' | 'title' | 'type' | 'files' | 'dependsOn' | 'acceptance' | 'estimateMinutes'
    >[];
  };
  /** Further texts, for example changed files: only searched for secrets. */
  readonly texts?: readonly { readonly name: string; readonly text: string }[];
}

/** Facts for the standard directors. Pure and linear in the texts; the texts themselves are not part of the result. */
export function gatherBoardFacts({ track, spec, plan, texts: more = [] }: BoardFactsInput): Facts {
  const read = [
    ...(spec ? [{ name: 'spec', text: spec.text }] : []),
    ...(plan ? [{ name: 'plan', text: plan.text }] : []),
  ];
  const tasks = plan?.tasks.map(taskFact) ?? [];
  const facts: BoardFacts = {
    ...(track && { track: { type: track.type, priority: track.priority } }),
    ...(spec && {
      spec: {
        requirements: [...spec.requirements],
        acceptance: [...spec.acceptance],
        outOfScope: [...(spec.outOfScope ?? [])],
      },
    }),
    ...(plan && { plan: { revision: plan.revision, tasks } }),
    secrets: [...read, ...more].flatMap((source) =>
      scanSecrets(source.text).map((found) => ({ ...found, where: source.name })),
    ),
    signals: read.flatMap((source) => [...findSignals(source.name, source.text)]),
    mentions: [...findMentions(read.map((source) => source.text))],
    sensitive: [
      ...sensitiveMatters([
        ...(spec?.requirements ?? []),
        ...tasks.map((task) => `${task.title}\n${task.acceptance ?? ''}`),
      ]),
    ],
    sizes: {
      specCharacters: spec?.text.length ?? 0,
      planCharacters: plan?.text.length ?? 0,
      tasks: tasks.length,
      estimateMinutes: tasks.reduce((sum, task) => sum + (task.estimateMinutes ?? 0), 0),
    },
  };
  return facts as unknown as { readonly [topic: string]: Json }; // every topic above is plain data
}

function taskFact({
  id,
  title,
  type,
  files,
  dependsOn,
  acceptance,
  estimateMinutes,
}: NonNullable<BoardFactsInput['plan']>['tasks'][number]): TaskFact {
  return {
    id,
    title,
    type,
    files: [...files],
    dependsOn: [...dependsOn],
    ...(acceptance !== undefined && { acceptance }),
    ...(estimateMinutes !== undefined && { estimateMinutes }),
  };
}

/** The topics of the standard directors out of any facts; without a plan and a spec the proposal's own text is looked at. Throws VALIDATION_FAILED. */
export function readBoardFacts(facts: Facts, proposalText: string): BoardFacts {
  const given =
    facts['plan'] === undefined && facts['spec'] === undefined && facts['signals'] === undefined
      ? { ...proposalFacts(proposalText), ...facts }
      : facts;
  const parsed = BoardFacts.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  throw new ConductorError('VALIDATION_FAILED', 'The facts of the board do not fit BoardFacts', {
    details: { issues },
  });
}

function proposalFacts(proposal: string): Facts {
  return {
    secrets: scanSecrets(proposal).map((found) => ({ ...found, where: 'proposal' })),
    signals: findSignals('proposal', proposal).map((found) => ({ ...found })),
    mentions: [...findMentions([proposal])],
    sensitive: [...sensitiveMatters([proposal])],
  };
}
