import { describe, expect, it } from 'vitest';
import { readMetadataEdit } from './metadata-edit.js';
import { metadataWords, withoutWords, wordPaths } from './metadata-words.js';
import { parseMetadata, writeMetadata } from './metadata.js';

const path = 'conductor/tracks/greet/metadata.json';
const base = {
  version: 3,
  track_id: 'greet',
  name: 'Greet',
  type: 'feature',
  status: 'in_progress',
  priority: 'P2',
  superpower_enhanced: true,
  created_at: '2025-01-02',
  dependencies: ['a'],
  theme: { dark: true },
  loop_state: {
    current_step: 'EXECUTE',
    step_status: 'FAILED',
    fix_cycle_count: 1,
    max_fix_cycles: 3,
    max_plan_revisions: 3,
    checkpoints: { EXECUTE: { status: 'FAILED', tasks_completed: 2 } },
  },
  blockers: [
    { id: 'b1', description: 'A key', status: 'ACTIVE' },
    { id: 'b2', description: 'Gone', status: 'RESOLVED' },
  ],
};
type Base = typeof base;

function saidBy(value: unknown) {
  const { metadata = {}, extra } = parseMetadata(JSON.stringify(value));
  return metadataWords(metadata, extra);
}

/** What a change of the file comes back as; `change` gets a copy of what we have written. */
type Change = (file: Base & Record<string, unknown>) => unknown;

function edit(change: Change, said = [saidBy(base)]) {
  const copy = structuredClone(base) as Base & Record<string, unknown>;
  change(copy);
  return readMetadataEdit(parseMetadata(JSON.stringify(copy, undefined, 2)), { path, said });
}
const loopOf = (file: Base): Record<string, unknown> => file.loop_state;

describe('readMetadataEdit', () => {
  it('finds nothing in our own bytes, nor in another spelling of the same', () => {
    const nothing = { resolved: [], findings: [], ours: [] };
    expect(edit(() => {})).toEqual(nothing);
    expect(edit((file) => (file.status = 'active'))).toEqual(nothing);
    expect(edit((file) => (file.created_at = '2025-01-02T00:00:00Z'))).toEqual(nothing);
  });

  it('takes name, type, priority, limits, dependencies, the flag and unknown keys', () => {
    const { configure } = edit((file) => {
      file.name = 'Greet them';
      file.type = 'chore';
      file.priority = 'high';
      file.superpower_enhanced = false;
      file.dependencies = ['a', 'b'];
      loopOf(file)['max_fix_cycles'] = 5;
      loopOf(file)['max_plan_revisions'] = '4';
      file['owner'] = 12;
    });
    expect(configure).toEqual({
      name: 'Greet them',
      type: 'chore',
      priority: 'P1',
      superpower: false,
      dependencies: ['a', 'b'],
      limits: { maxFixCycles: 5, maxPlanRevisions: 4 },
      extra: { theme: expect.stringContaining('"dark"'), owner: '12' },
    });
    expect(edit((file) => (file.theme = { dark: false })).configure).toEqual({
      extra: { theme: expect.stringContaining('false') },
    });
    expect(edit((file) => Reflect.deleteProperty(file, 'theme')).configure).toEqual({ extra: {} });
  });

  it('takes the flag that is gone for legacy, and a name that is gone or empty for none', () => {
    expect(edit((file) => Reflect.deleteProperty(file, 'superpower_enhanced')).configure).toEqual({
      superpower: false,
    });
    for (const key of ['name', 'type'] as const) {
      expect(edit((file) => Reflect.deleteProperty(file, key))).toMatchObject({ findings: [], ours: [] });
      expect(edit((file) => (file[key] = ' '))).not.toHaveProperty('configure');
    }
    expect(edit((file) => Reflect.deleteProperty(file, 'priority'))).not.toHaveProperty('configure');
    expect(edit((file) => Reflect.deleteProperty(file, 'dependencies'))).not.toHaveProperty('configure');
  });

  it('takes step and status together, and a status that is gone for one that has not begun', () => {
    expect(edit((file) => (loopOf(file)['step_status'] = 'NOT_STARTED')).override).toEqual({
      step: 'EXECUTE',
      status: 'NOT_STARTED',
    });
    expect(edit((file) => (loopOf(file)['current_step'] = 'PLAN')).override).toEqual({
      step: 'PLAN',
      status: 'FAILED',
    });
    expect(edit((file) => Reflect.deleteProperty(loopOf(file), 'step_status')).override).toEqual({
      step: 'EXECUTE',
      status: 'NOT_STARTED',
    });
    expect(edit((file) => Reflect.deleteProperty(loopOf(file), 'current_step'))).not.toHaveProperty('override');
  });

  it.each<readonly [string, Change, number]>([
    ['loop_state.current_step', (file) => void (loopOf(file)['current_step'] = 'GAME_VERIFICATION'), 17],
    ['loop_state.step_status', (file) => void (loopOf(file)['step_status'] = 'WAITING_FOR_USER'), 18],
    ['priority', (file) => void (file.priority = 'someday'), 7],
    ['dependencies', (file) => void (file.dependencies = ['a', '../b']), 10],
    ['loop_state.max_fix_cycles', (file) => void (file.loop_state.max_fix_cycles = -1), 20],
    ['loop_state.max_plan_revisions', (file) => void (file.loop_state.max_plan_revisions = 10 ** 9), 21],
  ])('refuses a word that is none of ours, with its line, and leaves it in the file: %s', (item, change, line) => {
    const { findings, ours, configure, override } = edit(change);
    expect(findings).toContainEqual(expect.objectContaining({ code: 'METADATA_REFUSED', path, item, line }));
    expect({ ours, configure, override }).toEqual({ ours: [], configure: undefined, override: undefined });
  });

  it.each<readonly [string, Change]>([
    ['status', (file) => void (file.status = 'complete')],
    ['created_at', (file) => void (file.created_at = '2020-01-01')],
    ['completed_at', (file) => void (file['completed_at'] = '2020-01-01')],
    ['loop_state.fix_cycle_count', (file) => void (file.loop_state.fix_cycle_count = 0)],
    ['loop_state.execution_mode', (file) => void (loopOf(file)['execution_mode'] = 'PARALLEL')],
    [
      'loop_state.checkpoints.EXECUTE.tasks_completed',
      (file) => void (file.loop_state.checkpoints.EXECUTE.tasks_completed = 9),
    ],
    ['loop_state.checkpoints.EXECUTE.status', (file) => void (file.loop_state.checkpoints.EXECUTE.status = 'PASSED')],
  ])('refuses what only our facts may say, and has it written again: %s', (item, change) => {
    const { findings, ours } = edit(change);
    expect(findings).toEqual([
      expect.objectContaining({ code: 'METADATA_REFUSED', path, item, line: expect.any(Number) }),
    ]);
    expect(ours).toEqual([item]);
  });

  it('resolves a blocker that is called so, and says what it makes of the others', () => {
    const blockers = (change: (list: Record<string, unknown>[]) => void) =>
      edit((file) => change(file.blockers as unknown as Record<string, unknown>[]));
    expect(blockers((list) => ((list[0] ?? {})['status'] = 'RESOLVED'))).toMatchObject({
      resolved: ['b1'],
      findings: [],
    });
    for (const change of [
      (list: Record<string, unknown>[]) => ((list[1] ?? {})['status'] = 'ACTIVE'),
      (list: Record<string, unknown>[]) => list.push({ id: 'b3', description: 'New' }),
    ])
      expect(blockers((list) => void change(list))).toMatchObject({
        resolved: [],
        findings: [{ code: 'METADATA_REFUSED', item: 'blockers' }],
      });
    expect(blockers((list) => list.push({ description: 'No id' }))).toMatchObject({ resolved: [], findings: [] });
    expect(edit((file) => Reflect.deleteProperty(file, 'blockers'))).toMatchObject({ resolved: [], findings: [] });
  });

  it('compares with both of our last renderings, and names the file of what it could not read', () => {
    const other = saidBy({ ...base, name: 'Other' });
    expect(edit((file) => (file.name = 'Other'), [saidBy(base), other])).not.toHaveProperty('configure');
    expect(edit((file) => (file.name = 'Third'), [saidBy(base), other]).configure).toEqual({ name: 'Third' });
    expect(edit((file) => (file['updated_at'] = 'soon')).findings).toEqual([
      expect.objectContaining({ code: 'METADATA_UNREAD', path, item: 'updated_at' }),
    ]);
    expect(readMetadataEdit(parseMetadata('oops'), { path, said: [] })).toMatchObject({
      findings: [expect.objectContaining({ code: 'FILE_DAMAGED', path })],
    });
  });
});

describe('words of a metadata', () => {
  it('can be taken out one by one, so that what stands in the file stays', () => {
    const text = JSON.stringify({
      ...base,
      priority: 'someday',
      loop_state: { ...base.loop_state, current_step: 'ODD' },
    });
    const { metadata = {} } = parseMetadata(JSON.stringify(base));
    const kept = withoutWords(
      metadata,
      new Set(['priority', 'loop_state.current_step', 'loop_state.execution_mode', 'no path']),
    );
    const written = JSON.parse(writeMetadata(text, kept)) as Base;
    expect(written).toMatchObject({
      priority: 'someday',
      name: 'Greet',
      loop_state: { current_step: 'ODD', step_status: 'FAILED' },
    });
    expect(withoutWords({}, new Set(wordPaths))).toEqual({});
  });

  it('are the same for the same values, however they are spaced', () => {
    const read = (text: string) => {
      const { metadata = {}, extra } = parseMetadata(text);
      return metadataWords(metadata, extra);
    };
    expect(read('{"a": [1,   2], "blockers": [{"id": "x"}, "text"]}')).toEqual(
      read('{"a": [1,\n 2], "blockers": [{"id": "x", "status": "ACTIVE"}]}'),
    );
  });
});

describe('the text of an unknown value', () => {
  it('comes back digit by digit in a file that is written anew', () => {
    const extra = { big: '12345678901234567890.10', $: '{"$&": "$1"}' };
    expect(writeMetadata(undefined, { name: 'A' }, extra)).toContain('"big": 12345678901234567890.10');
    expect(JSON.parse(writeMetadata('{"version": 3}', {}, extra))).toMatchObject({ $: { '$&': '$1' } });
    expect(writeMetadata('{"version": 3, "big": 1}', {}, extra)).toContain('"big": 1,');
  });
});
