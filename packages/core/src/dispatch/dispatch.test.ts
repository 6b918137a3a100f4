import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import { agentArguments, resumeFrom } from './agent-arguments.js';
import type { AgentValues } from './agent-arguments.js';
import { agentNameOf, dispatchRowOf, dispatchTable } from './dispatch-table.js';
import type { DispatchRow } from './dispatch-table.js';

const track = 'conductor/tracks/greet_20260101';
const paths = { metadata: `${track}/metadata.json`, 'track-id': 'greet_20260101' };

function row(agent: string): DispatchRow {
  const found = dispatchRowOf(agent);
  if (!found) throw new Error(`There is no ${agent}`);
  return found;
}

/** The published sets, written down here once more: a second source for the table. */
const published: readonly (readonly [agent: string, values: AgentValues, list: readonly string[]])[] = [
  [
    'superpowers:writing-plans',
    { spec: `${track}/spec.md`, 'output-dir': `${track}/`, ...paths },
    [
      `--spec=${track}/spec.md`,
      `--output-dir=${track}/`,
      '--track-id=greet_20260101',
      `--metadata=${track}/metadata.json`,
      '--context-files=conductor/tech-stack.md,conductor/workflow.md,conductor/product.md',
      '--format=markdown',
      '--include-dag=true',
    ],
  ],
  [
    'superpowers:executing-plans',
    { plan: `${track}/plan.md`, 'track-dir': `${track}/`, ...paths },
    [
      `--plan=${track}/plan.md`,
      `--track-dir=${track}/`,
      `--metadata=${track}/metadata.json`,
      '--track-id=greet_20260101',
      '--mode=parallel',
    ],
  ],
  [
    'superpowers:systematic-debugging',
    { failures: `${track}/evaluation-report.md`, 'track-dir': `${track}/`, ...paths },
    [
      `--failures=${track}/evaluation-report.md`,
      `--track-dir=${track}/`,
      `--metadata=${track}/metadata.json`,
      '--track-id=greet_20260101',
      '--max-attempts=3',
    ],
  ],
  [
    'superpowers:brainstorming',
    { context: 'Which protocol?', 'output-dir': `${track}/brainstorm/`, 'track-id': 'greet_20260101' },
    [
      '--context=Which protocol?',
      `--output-dir=${track}/brainstorm/`,
      '--track-id=greet_20260101',
      '--options-count=3',
    ],
  ],
];

describe('the two families of agents', () => {
  it('are two names of one row, chosen by the flag of the track', () => {
    const names = (superpower: boolean) =>
      (['PLAN', 'EXECUTE', 'FIX', 'BRAINSTORM'] as const).map((step) => agentNameOf(step, superpower));
    expect(names(true)).toEqual([
      'superpowers:writing-plans',
      'superpowers:executing-plans',
      'superpowers:systematic-debugging',
      'superpowers:brainstorming',
    ]);
    expect(names(false)).toEqual(['loop-planner', 'loop-executor', 'loop-fixer', undefined]);
    for (const { superpower, legacy } of dispatchTable) {
      if (legacy !== undefined) expect(dispatchRowOf(legacy)).toBe(dispatchRowOf(superpower));
    }
  });

  it('share evaluators and the synchronisation of business documents', () => {
    for (const step of ['EVALUATE_PLAN', 'EVALUATE_EXECUTION', 'BUSINESS_SYNC', 'COMPLETE'] as const)
      expect(agentNameOf(step, true)).toBe(agentNameOf(step, false));
  });
});

describe('the command line of an agent', () => {
  it.each(published)('of %s has the published parameters and defaults', (agent, values, list) => {
    expect(agentArguments(row(agent), values)).toEqual(list);
  });

  it('has the sets and defaults of the schema, and only paths below the project [LOOP-15]', () => {
    for (const [agent, values, list] of published) {
      const { required, optional, superpower } = row(agent);
      expect(agentArguments(row(agent), values)).toEqual(list);
      expect([...required, ...optional].filter(({ kind }) => kind !== 'text').length).toBeGreaterThan(0);
      for (const { name, kind } of required) {
        expect(() => agentArguments(row(superpower), { ...values, [name]: undefined })).toThrow(`--${name}`);
        if (kind !== 'path') continue;
        for (const unsafe of ['/etc/passwd', '../outside', 'a/../../b', 'C:\\x', '\\\\host\\share', 'a\nb'])
          expect(() => agentArguments(row(superpower), { ...values, [name]: unsafe })).toThrow(
            expect.objectContaining({ code: 'PATH_UNSAFE' }),
          );
      }
    }
    const [plan = ['', {}, []]] = published;
    expect(() => agentArguments(row(plan[0]), { ...plan[1], 'context-files': 'a.md,/etc/passwd' })).toThrow(
      expect.objectContaining({ code: 'PATH_UNSAFE' }),
    );
  });

  it('takes another value for what has a default, and further parameters as they are given', () => {
    const [, [agent, values] = ['', {}]] = published;
    expect(agentArguments(row(agent), { ...values, mode: 'sequential', 'resume-from': '2.3', verbose: 'yes' })).toEqual(
      expect.arrayContaining(['--mode=sequential', '--resume-from=2.3', '--verbose=yes']),
    );
    expect(() => agentArguments(row(agent), { ...values, 'a b': 'x' })).toThrow('no name of a parameter');
    expect(() => agentArguments(row(agent), { ...values, mode: 'a\0b' })).toThrow('--mode');
  });

  it('keeps every value in its own argument, and never makes two of one', () => {
    const [, , , [agent, values] = ['', {}]] = published;
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (context) => {
        try {
          expect(agentArguments(row(agent), { ...values, context })).toHaveLength(4);
        } catch (error) {
          expect(ConductorError.is(error, 'VALIDATION_FAILED')).toBe(true);
          expect(context).toContain('\0');
        }
      }),
    );
  });

  it('names the first task to run, without the word that last_task is stored with', () => {
    expect(resumeFrom('Task 2.3')).toBe('2.3');
    expect(resumeFrom('2.3')).toBe('2.3');
    expect(resumeFrom('Fix 1')).toBe('Fix 1');
  });
});
