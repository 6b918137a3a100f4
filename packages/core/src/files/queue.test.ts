import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import { filterQueue, formatQueueLine, maxQueueLineBytes, parseQueue, type QueueMessage } from './queue.js';
import { isQueueType, queuePayload, type QueueType } from './queue-payloads.js';

const message = (fields: Partial<QueueMessage> = {}): QueueMessage => ({
  id: 'msg-1',
  type: 'FILE_UNLOCK',
  source: 'worker-1.1-20260201120000000',
  timestamp: '2026-02-01T12:00:00.000Z',
  payload: { filepath: 'src/a.ts' },
  ...fields,
});
const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseQueue(bytes(text));
const codes = (text: string) => parse(text).findings.map(({ code, line }) => `${code} ${line}`);

describe('parseQueue', () => {
  it('reads back what formatQueueLine wrote, unknown keys and types included', () => {
    const foreign = message({ type: 'COFFEE_READY', payload: { cups: [1, { of: 'two' }] }, trace: 'abc' });
    const lines = [message({ ref: 'track/x@3' }), foreign];
    expect(parse(lines.map(formatQueueLine).join(''))).toMatchObject({ messages: lines, findings: [] });
  });

  it('asks of every line the five fields of the envelope [BUS-01]', () => {
    for (const field of ['id', 'type', 'source', 'timestamp', 'payload'] as const) {
      const line = JSON.stringify({ ...message(), [field]: undefined });
      expect(codes(`${line}\n`)).toEqual(['QUEUE_NOT_ENVELOPE 1']);
      expect(() => formatQueueLine({ ...message(), [field]: 7 })).toThrow(
        expect.objectContaining({ code: 'VALIDATION_FAILED' }),
      );
    }
    const bad = [{ timestamp: 'yesterday' }, { payload: [] }, { id: '' }].map((field) => ({ ...message(), ...field }));
    for (const line of bad) expect(codes(`${JSON.stringify(line)}\n`)).toEqual(['QUEUE_NOT_ENVELOPE 1']);
    expect(codes('[1]\n"text"\n')).toEqual(['QUEUE_NOT_ENVELOPE 1', 'QUEUE_NOT_ENVELOPE 2']);
  });

  it('skips damaged lines, reports them with their number and reads the rest [BUS-04]', () => {
    const line = formatQueueLine(message());
    const huge = `"${'x'.repeat(maxQueueLineBytes)}"\n`;
    const text = `${line}{"id": \n\n  \r\n${huge}{"__proto__": {"x": 1}}\n${line}{"half`;
    const read = parse(text);
    expect(read.messages).toHaveLength(2);
    expect(codes(text)).toEqual(['QUEUE_DAMAGED 2', 'QUEUE_DAMAGED 5', 'QUEUE_DAMAGED 6', 'QUEUE_TORN 8']);
    expect(read.completeBytes).toBe(text.length - '{"half'.length);
  });

  it('leaves a line without its end for the next read', () => {
    const line = formatQueueLine(message({ payload: { filepath: 'src/ä.ts' } }));
    const all = bytes(line + line);
    const first = parseQueue(all.subarray(0, all.length - 4));
    expect([first.messages.length, first.findings[0]?.code]).toEqual([1, 'QUEUE_TORN']);
    expect(parseQueue(all.subarray(first.completeBytes), 2)).toMatchObject({
      messages: [message({ payload: { filepath: 'src/ä.ts' } })],
      findings: [],
    });
  });

  it('keeps a known type whose payload misses its schema, and says so', () => {
    const read = parse(formatQueueLine(message({ type: 'PROGRESS', payload: { task_id: '1', progress_pct: 900 } })));
    expect(read.messages).toHaveLength(1);
    expect(read.findings).toMatchObject([{ code: 'QUEUE_PAYLOAD', severity: 'warning', line: 1 }]);
  });

  it('never throws and loses no complete line, whatever stands between the lines', () => {
    const junk = fc.uint8Array({ maxLength: 40 }).map((raw) => raw.map((byte) => (byte === 10 ? 11 : byte)));
    const good = bytes(formatQueueLine(message()));
    fc.assert(
      fc.property(fc.array(fc.option(junk)), (parts) => {
        const pieces = parts.map((part) => (part ? [...part, 10] : [...good]));
        expect(parseQueue(Uint8Array.from(pieces.flat())).messages).toHaveLength(parts.filter((part) => !part).length);
      }),
    );
  });
});

describe('formatQueueLine', () => {
  it('is one line, whatever stands in the texts', () => {
    const line = formatQueueLine(message({ payload: { filepath: 'a\nb\u2028"\\' } }));
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('refuses what no reader would take', () => {
    const big = message({ payload: { filepath: 'x'.repeat(maxQueueLineBytes) } });
    expect(() => formatQueueLine(big)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    expect(ConductorError.is(new ConductorError('TOO_LARGE', ''), 'TOO_LARGE')).toBe(true);
  });
});

describe('filterQueue', () => {
  it('leaves out older messages and other types, comparing instants in any zone [BUS-05]', () => {
    const messages = [
      message({ id: 'old', timestamp: '2026-02-01T11:59:59Z' }),
      message({ id: 'same', timestamp: '2026-02-01T14:00:00+02:00' }),
      message({ id: 'naive', timestamp: '2026-02-01T12:00:00.123456' }),
      message({ id: 'other', type: 'BLOCKED', timestamp: '2026-02-02T00:00:00Z' }),
    ];
    const ids = (filter: Parameters<typeof filterQueue>[1]) => filterQueue(messages, filter).map(({ id }) => id);
    expect(ids({ since: '2026-02-01T12:00:00.000Z' })).toEqual(['same', 'naive', 'other']);
    expect(ids({ types: ['BLOCKED'] })).toEqual(['other']);
    expect(ids({})).toHaveLength(4);
  });
});

describe('payloads', () => {
  /** One good payload of each published type, and a field without which it is not one. */
  const examples: Record<QueueType, readonly [Record<string, unknown>, string]> = {
    BUS_INIT: [{ track_path: 'conductor/tracks/x', version: '1.0' }, 'version'],
    WORKER_DISPATCHED: [{ worker_id: 'w', task_id: '1.1', parallel_group: 'pg-1' }, 'worker_id'],
    TASK_RETRY: [{ task_id: '1.1', attempt: 2, worker_id: 'w' }, 'attempt'],
    PROGRESS: [{ task_id: '1.1', progress_pct: 50, current_subtask: 'tests' }, 'progress_pct'],
    TASK_COMPLETE: [{ task_id: '1.1', commit_sha: 'abc', files_modified: ['a'], unblocks: ['1.2'] }, 'unblocks'],
    TASK_FAILED: [{ task_id: '1.1', error: 'no', stack_trace: '' }, 'error'],
    TASK_BLOCKED: [{ task_id: '1.1', blocked_by: '1.0', reason: 'failed' }, 'reason'],
    FILE_LOCK: [{ filepath: 'a', lock_type: 'exclusive', expires_at: '2026-02-01T12:00:00Z' }, 'filepath'],
    FILE_UNLOCK: [{ filepath: 'a' }, 'filepath'],
    BLOCKED: [{ task_id: '1.1', waiting_for: 'w', resource: 'a' }, 'waiting_for'],
    DEADLOCK_RESOLVED: [{ cycle: ['a', 'b'], victim: 'a', action: 'released_locks' }, 'victim'],
    BOARD_ASSESS: [{ director: 'CA', verdict: 'CONCERNS', score: 7, concerns: [], recommendations: [] }, 'score'],
    BOARD_DISCUSS: [{ from: 'CA', to: 'ALL', type: 'AGREE', message: 'yes', changes_my_verdict: false }, 'message'],
    BOARD_VOTE: [{ director: 'CA', final_verdict: 'ABSTAIN', confidence: 0.5, conditions: [] }, 'final_verdict'],
    BOARD_RESOLVE: [{ verdict: 'APPROVED', vote_summary: { CA: 'APPROVE' }, conditions: [], dissent: [] }, 'dissent'],
    PLAN_COMPLETE: [{ track_id: 'x', result: 'PASS' }, 'result'],
    PLAN_EVAL_COMPLETE: [{ track_id: 'x', result: 'FAIL' }, 'result'],
    EXECUTE_COMPLETE: [{ track_id: 'x', result: 'PASS' }, 'track_id'],
    EXEC_EVAL_COMPLETE: [{ track_id: 'x', result: 'PASS' }, 'result'],
    FIX_COMPLETE: [{ track_id: 'x', result: 'PASS' }, 'result'],
    PARALLEL_COMPLETE: [{ track_id: 'x', result: 'PASS' }, 'result'],
  };

  it('of every published type have a schema; other types pass as they are [BUS-02]', () => {
    for (const [type, [payload, needed]] of Object.entries(examples)) {
      if (!isQueueType(type)) throw new Error(type);
      expect(queuePayload({ type, payload }, type)).toEqual(payload);
      expect(queuePayload({ type, payload: { ...payload, [needed]: undefined } }, type)).toBeUndefined();
      expect(queuePayload({ type: 'OTHER', payload }, type)).toBeUndefined();
    }
    expect([isQueueType('constructor'), isQueueType('COFFEE_READY')]).toEqual([false, false]);
    const unknown = message({ type: 'COFFEE_READY', payload: { cups: 2 } });
    expect(parse(formatQueueLine(unknown))).toMatchObject({ messages: [unknown], findings: [] });
  });
});
