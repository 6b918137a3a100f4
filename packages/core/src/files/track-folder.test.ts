import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTrackFolder } from './track-folder.js';
import type { TrackFolder } from './track-folder.js';
import { parseTracksIndex } from './tracks-index.js';

const at = '2026-01-01T00:00:00.000Z';
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const read = (metadata?: unknown, rest: Partial<TrackFolder> = {}) =>
  readTrackFolder({ trackId: 'greet', ...(metadata !== undefined && { metadata: bytes(metadata) }), ...rest }, at);
const codes = ({ findings }: ReturnType<typeof read>) => findings.map(({ code }) => code);
const plan = (...marks: readonly string[]) =>
  `# P\n\n## Phase 1: A\n\n${marks.map((mark, at) => `- [${mark}] Task 1.${at + 1}: t`).join('\n')}\n`;
const loop = (loop_state: object, rest: object = {}) => ({ version: 3, loop_state, ...rest });

describe('readTrackFolder', () => {
  it('takes the name from the metadata, else from the list, the spec or the plan, else the folder', () => {
    const row = parseTracksIndex(
      '| Track ID | Name | Type | Priority |\n|---|---|---|---|\n| greet | Listed | chore | high |\n',
    ).rows[0];
    const spec = '# Spec: From spec\n\n## Goal\n\nSay hello\n';
    expect(read({ name: 'Own' }, { row, spec, plan: plan(' ') })).toMatchObject({
      name: 'Own',
      type: 'chore',
      priority: 'P1',
      goal: 'Say hello',
    });
    expect(read({ name: ' ' }, { row, spec }).name).toBe('Listed');
    expect(read(undefined, { spec, plan: plan(' ') }).name).toBe('From spec');
    expect(read(undefined, { spec: 'no heading', plan: plan(' ') }).name).toBe('P');
    expect(read()).toMatchObject({
      name: 'greet',
      type: 'feature',
      priority: 'P2',
      goal: 'greet',
      superpower: false,
      limits: {},
    });
    expect(read({ type: ' ' }).type).toBe('feature');
    expect(read({ description: ' Say hello ' }, { plan: '# Implementation Plan: Greet\n' })).toMatchObject({
      name: 'Greet',
      goal: 'Say hello',
    });
  });

  it('reads priorities of other tools, and says which it does not know', () => {
    for (const [word, priority] of [
      ['p1', 'P1'],
      ['Critical', 'P0'],
      ['low ', 'P3'],
      ['normal', 'P2'],
    ] as const)
      expect(read({ priority: word })).toMatchObject({
        priority,
        findings: [expect.objectContaining({ code: 'METADATA_OLD' })],
      });
    const odd = read({ priority: 'toString' });
    expect(odd.priority).toBe('P2');
    expect(codes(odd)).toContain('METADATA_UNREAD');
  });

  it('says which folder a metadata of another name lies in, and keeps dates, dependencies and limits', () => {
    const track = read(
      loop(
        { current_step: 'PLAN', step_status: 'NOT_STARTED', max_fix_cycles: 7, max_plan_revisions: 5000 },
        {
          track_id: 'other',
          created_at: '2025-01-02',
          completed_at: '2025-02-03',
          dependencies: ['a', '', '../b'],
          superpower_enhanced: true,
        },
      ),
    );
    expect(track).toMatchObject({
      createdAt: '2025-01-02T00:00:00.000Z',
      completedAt: '2025-02-03T00:00:00.000Z',
      dependencies: ['a'],
      limits: { maxFixCycles: 7 },
      superpower: true,
      lifecycle: 'draft',
    });
    expect(track.limits).not.toHaveProperty('maxPlanRevisions');
    expect(codes(track)).toEqual(['TRACK_ID_DIFFERS', 'METADATA_UNREAD', 'METADATA_UNREAD', 'METADATA_UNREAD']);
  });

  it('is at the step of its loop, with counters that make sense', () => {
    expect(
      read(
        loop({
          current_step: 'PARALLEL_EXECUTE',
          step_status: 'PARTIAL_FAIL',
          execution_mode: 'PARALLEL',
          fix_cycle_count: -1,
          plan_revision_count: 2,
          checkpoints: {
            PLAN: { status: 'PASSED', started_at: '2025-01-02', completed_at: '2025-01-03', agent: 'a' },
            EVALUATE_EXECUTION: { business_sync_required: true, failure_items: ['x'] },
            FIX: { status: 'PASSED', started_at: null, completed_at: null, agent: null, fixes_remaining: [] },
          },
        }),
      ).loop,
    ).toEqual({
      step: 'EXECUTE',
      status: 'FAILED',
      mode: 'PARALLEL',
      fixCycles: 0,
      planRevisions: 2,
      businessSync: true,
      checkpoints: {
        PLAN: {
          status: 'PASSED',
          startedAt: '2025-01-02T00:00:00.000Z',
          completedAt: '2025-01-03T00:00:00.000Z',
          agent: 'a',
        },
        FIX: { status: 'PASSED' },
      },
    });
    const failing = { checkpoints: { PLAN: { plan_version: 3 }, EVALUATE_EXECUTION: { failure_items: ['x', 'y'] } } };
    expect(read(loop({ current_step: 'FIX', step_status: 'FAILED', ...failing })).loop).toMatchObject({
      planRevisions: 2,
      failures: ['x', 'y'],
    });
    expect(read(loop({ current_step: 'PLAN', step_status: 'IN_PROGRESS' })).loop.replan).toBe(true);
    expect(read(loop({ current_step: 'EXECUTE' })).loop.status).toBe('NOT_STARTED');
  });

  it('judges, fixes and completes again what was under way elsewhere, and says which state no transition knows', () => {
    for (const step of ['EVALUATE_PLAN', 'EVALUATE_EXECUTION', 'COMPLETE', 'FIX'])
      expect(read(loop({ current_step: step, step_status: 'IN_PROGRESS' })).loop).toMatchObject({
        step,
        status: 'NOT_STARTED',
      });
    const odd = read(loop({ current_step: 'PLAN', step_status: 'SKIPPED' }));
    expect(odd.loop).toMatchObject({ step: 'PLAN', status: 'SKIPPED' });
    expect(odd.findings).toContainEqual(expect.objectContaining({ code: 'STATE_UNKNOWN', hint: expect.any(String) }));
    expect(codes(read(loop({ current_step: 'COMPLETE', step_status: 'FAILED' })))).toEqual([]);
    expect(codes(read(loop({ current_step: 'EXECUTE', step_status: 'BLOCKED' })))).toEqual([]);
  });

  it('keeps a word that is no step or no status, and blocks the track until somebody decides', () => {
    const step = read(loop({ current_step: 'GAME_VERIFICATION', step_status: 'PASSED' }), { plan: plan('x') });
    expect(step).toMatchObject({
      loop: { step: 'EVALUATE_EXECUTION', status: 'BLOCKED', foreign: { step: 'GAME_VERIFICATION' } },
      blockers: [{ id: 'blocker-import', active: true, raisedAt: at }],
      lifecycle: 'ready',
    });
    expect(read(loop({ current_step: 'EXECUTE', step_status: 7 })).loop).toMatchObject({
      step: 'EXECUTE',
      status: 'BLOCKED',
      foreign: { status: '7' },
    });
    // Version 2 is brought to 3 without writing over the word.
    expect(read({ version: 2, loop_state: { current_step: 'ODD' } }).loop.foreign).toEqual({ step: 'ODD' });
  });

  it('calls a track finished that its status, its loop or the list calls so', () => {
    expect(read({ status: 'done' })).toMatchObject({
      lifecycle: 'completed',
      loop: { step: 'COMPLETE', status: 'PASSED' },
    });
    const open = read(loop({ current_step: 'EXECUTE', step_status: 'PASSED' }, { status: 'complete' }));
    expect(open.lifecycle).toBe('completed');
    expect(codes(open)).toContain('STATE_CONTRADICTS');
    expect(read(loop({ current_step: 'COMPLETE', step_status: 'PASSED' })).lifecycle).toBe('completed');
    const row = parseTracksIndex('## Completed\n\n| Track ID | Name |\n|---|---|\n| greet | G |\n').rows[0];
    expect(codes(read(undefined, { row }))).toEqual(['STATE_INFERRED']);
    expect(read(undefined, { row }).lifecycle).toBe('completed');
    // Tools without a loop say so in the list only, unless work is left.
    expect(read({ status: 'new' }, { row, plan: plan('x') }).lifecycle).toBe('completed');
    expect(read({ status: 'new' }, { row, plan: plan('x', ' ') }).lifecycle).toBe('ready');
    expect(read(loop({ current_step: 'FIX', step_status: 'FAILED' }), { row }).lifecycle).toBe('ready');
    const storm = loop({ current_step: 'BRAINSTORM', step_status: 'IN_PROGRESS' });
    expect(read({ ...storm, superpower_enhanced: true })).toMatchObject({
      loop: { step: 'BRAINSTORM' },
      lifecycle: 'ready',
    });
    expect(read(storm)).toMatchObject({ loop: { step: 'PLAN', status: 'NOT_STARTED' }, lifecycle: 'draft' });
    expect(read({ status: 'canceled' }).lifecycle).toBe('cancelled');
  });

  it('lets the marks of the plan win over the counter', () => {
    const counted = (tasks_completed: number) =>
      loop({ current_step: 'EXECUTE', step_status: 'IN_PROGRESS', checkpoints: { EXECUTE: { tasks_completed } } });
    expect(codes(read(counted(2), { plan: plan('x', ' ') }))).toEqual(['TASKS_CORRECTED']);
    expect(codes(read(counted(1), { plan: plan('x', ' ') }))).toEqual([]);
    expect(codes(read(counted(1)))).toEqual([]);
  });

  it('takes blockers that have a name, and says of the others that they block nothing', () => {
    const blockers = [
      { id: 'a', description: 'A key', blocked_at: '2025-01-02', blocked_step: 'FIX', status: 'ACTIVE' },
      { id: 'b', status: 'RESOLVED', resolved_at: '2025-01-03' },
      { id: 'c', description: 'New' },
      'only a text',
      { status: 'ACTIVE' },
    ];
    const track = read(loop({ current_step: 'EXECUTE', step_status: 'BLOCKED' }, { blockers }));
    expect(track.blockers).toEqual([
      { id: 'a', step: 'FIX', description: 'A key', active: true, raisedAt: '2025-01-02T00:00:00.000Z' },
      {
        id: 'b',
        step: 'EXECUTE',
        description: 'b',
        active: false,
        raisedAt: at,
        resolvedAt: '2025-01-03T00:00:00.000Z',
      },
      { id: 'c', step: 'EXECUTE', description: 'New', active: true, raisedAt: at },
    ]);
    expect(codes(track)).toEqual(['BLOCKER_UNNAMED', 'BLOCKER_UNNAMED']);
  });

  it('reads UTF-16 and byte order marks as what they say [DATA-04]', () => {
    const text = JSON.stringify(loop({ current_step: 'EXECUTE', step_status: 'FAILED' }, { name: 'Grüße 你好' }));
    for (const encoding of ['utf-16le', 'utf-16be', 'utf-16le without mark', 'utf-8 with mark'])
      expect(read(undefined, { metadata: encoded(text, encoding) }), encoding).toMatchObject({
        name: 'Grüße 你好',
        loop: { step: 'EXECUTE', status: 'FAILED' },
        findings: [],
      });
  });

  it('infers everything from the folder when the metadata cannot be read, and says so with the line', () => {
    for (const damaged of ['{"a": 1,\n oops', '[]', '{', ''])
      expect(codes(read(damaged, { plan: plan('x', ' ') })), damaged).toContain('FILE_DAMAGED');
    expect(read('{"a": 1,\n oops', { plan: plan('x', ' ') })).toMatchObject({
      loop: { step: 'EXECUTE', status: 'IN_PROGRESS' },
    });
    expect(
      read(undefined, { metadata: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) }).findings[0],
    ).toMatchObject({
      code: 'FILE_DAMAGED',
    });
    expect(codes(read({ status: 'new', loop_state: {} }, { plan: plan('x') }))).toContain('STATE_INFERRED');
  });

  it('never throws, whatever lies in the folder', () => {
    const hostile =
      '{"__proto__": {"status": "complete"}, "status": "new", "status": "done", "version": 1e999, "created_at": "9999-99-99", "blockers": [1e400, null]}';
    expect(() => read(hostile)).not.toThrow();
    expect(read(hostile.replace('1e999', '3').replace('1e400', '1'))).toMatchObject({ lifecycle: 'completed' });
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.string(), (metadata, text) => {
        expect(() => read(metadata, { plan: text, spec: text, reports: [text] })).not.toThrow();
      }),
    );
  });
});

function encoded(text: string, encoding: string): Uint8Array {
  if (encoding === 'utf-8 with mark') return bytes(`\ufeff${text}`);
  const marked = encoding.endsWith('without mark') ? text : `\ufeff${text}`;
  const buffer = new DataView(new ArrayBuffer(marked.length * 2));
  for (let at = 0; at < marked.length; at += 1)
    buffer.setUint16(at * 2, marked.charCodeAt(at), encoding.startsWith('utf-16le'));
  return new Uint8Array(buffer.buffer);
}
