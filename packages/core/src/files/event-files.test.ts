import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventFileName, eventFilesOf, eventWords, parseEventFileName } from './event-files.js';
import type { QueueMessage } from './queue.js';

const told = (type: string, payload: QueueMessage['payload']) => {
  const { remove, write } = eventFilesOf({ id: 'm', type, source: 's', timestamp: '2026-02-01T12:00:00Z', payload });
  return { remove, write: [...write] };
};

describe('event files', () => {
  it('have the published names and contents, for TASK_FAILED too [BUS-07]', () => {
    expect(
      told('TASK_COMPLETE', { task_id: '1.1', commit_sha: 'abc', files_modified: [], unblocks: ['1.2', '2.1'] }).write,
    ).toEqual([
      ['TASK_COMPLETE_1.1.event', 'abc'],
      ['DEP_READY_1.2.event', ''],
      ['DEP_READY_2.1.event', ''],
    ]);
    expect(told('TASK_FAILED', { task_id: '1.1', error: 'no such file' }).write).toEqual([
      ['TASK_FAILED_1.1.event', 'no such file'],
    ]);
    expect(told('FILE_UNLOCK', { filepath: 'src/a b.ts' }).write).toEqual([['FILE_UNLOCK_src%2Fa%20b.ts.event', '']]);
    const resolved = {
      verdict: 'APPROVED',
      vote_summary: {},
      conditions: [],
      dissent: [],
      session_id: 'board-20260201-123456',
    };
    expect(told('BOARD_RESOLVE', resolved).write).toEqual([['BOARD_RESOLVE_board-20260201-123456.event', '']]);
    for (const word of ['PLAN', 'PLAN_EVAL', 'EXECUTE', 'EXEC_EVAL', 'FIX', 'PARALLEL'])
      expect(told(`${word}_COMPLETE`, { track_id: 'login_20260201', result: 'FAIL' }).write).toEqual([
        [`${word}_COMPLETE_login_20260201.event`, 'FAIL'],
      ]);
  });

  it('of an earlier attempt are removed when the task is dispatched again', () => {
    const old = ['TASK_COMPLETE_1.1.event', 'TASK_FAILED_1.1.event'];
    expect(told('WORKER_DISPATCHED', { task_id: '1.1', worker_id: 'w' })).toEqual({ remove: old, write: [] });
    expect(told('TASK_RETRY', { task_id: '1.1', worker_id: 'w', attempt: 2 })).toEqual({ remove: old, write: [] });
  });

  it('are not made of messages without a signal or with a broken payload', () => {
    expect(told('PROGRESS', { task_id: '1', progress_pct: 1 })).toEqual({ remove: [], write: [] });
    expect(told('TASK_FAILED', { error: 'whose?' })).toEqual({ remove: [], write: [] });
    const endless = 'ä'.repeat(100);
    expect(told('TASK_FAILED', { task_id: endless, error: 'no' })).toEqual({ remove: [], write: [] });
    expect(told('WORKER_DISPATCHED', { task_id: endless, worker_id: 'w' })).toEqual({ remove: [], write: [] });
    expect(told('TASK_COMPLETE', { task_id: '1', files_modified: [], unblocks: [] }).write).toEqual([
      ['TASK_COMPLETE_1.event', ''],
    ]);
    expect(told('BOARD_RESOLVE', { verdict: 'APPROVED', vote_summary: {}, conditions: [], dissent: [] }).write).toEqual(
      [],
    );
  });

  it('give every subject a safe name that is read back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...eventWords), fc.string({ unit: 'grapheme', minLength: 1 }), (word, subject) => {
        const name = eventFileName(word, subject);
        if (name === undefined) return expect(subject.length).toBeGreaterThan(10);
        expect(name).toMatch(/^[A-Za-z0-9._%-]{1,255}$/);
        expect(parseEventFileName(name)).toEqual({ word, subject });
      }),
    );
  });

  it('are not named after nothing, and other names are not taken for theirs', () => {
    expect(eventFileName('DEP_READY', '')).toBeUndefined();
    expect(eventFileName('DEP_READY', 'ä'.repeat(60))).toBeUndefined();
    for (const name of ['TASK_COMPLETE_.event', 'TASK_COMPLETE_1.txt', 'OTHER_1.event', 'DEP_READY_%ZZ.event'])
      expect(parseEventFileName(name)).toBeUndefined();
  });
});
