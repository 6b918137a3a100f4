import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMetadata, writeMetadata } from './metadata.js';
import type { MetadataV3 } from './metadata-model.js';
import { items, published, read } from '../testing/published-metadata.js';

describe('metadata.json as others write it', () => {
  it('keeps unknown keys and checkpoints, their order, and every untouched byte [FMT-21]', () => {
    const text =
      '{\r\n\t"zeta" : 1.0,\r\n\t"track_id":"a",\r\n\t"loop_state": {"checkpoints": {"ENRICH": {"x": [1 ,2]}, "FIX": {"mine": true, "cycle": 1}}, "odd": null},\r\n\t"version": 3,\r\n\t"blockers": [], "board_sessions": [], "lead_consultations": [], "discovered_work": [],\r\n\t"alpha": {"b": 1, "a": 2}\r\n}';
    const { metadata, findings } = parseMetadata(text);
    expect(findings).toEqual([]);
    expect(metadata?.extra).toEqual({ zeta: 1, alpha: { b: 1, a: 2 } });
    expect(writeMetadata(text, metadata ?? {})).toBe(text);
    const changed = writeMetadata(text, {
      loopState: { checkpoints: { FIX: { cycle: 2 }, EXECUTE: { tasksTotal: 4 } } },
    });
    expect(changed).toBe(
      text.replace('"cycle": 1}', '"cycle": 2}, "EXECUTE": {\r\n\t\t\t\t"tasks_total": 4\r\n\t\t\t}'),
    );
    expect(JSON.parse(writeMetadata(undefined, metadata ?? {}))).toMatchObject({
      version: 3,
      track_id: 'a',
      zeta: 1,
      alpha: { b: 1, a: 2 },
    });
  });

  it('keeps unknown keys of items that stay when a list becomes shorter', () => {
    const evaluators_run = [{ evaluator: 'a', who: 'Bob' }, { evaluator: 'b' }];
    const text = JSON.stringify({
      version: 3,
      loop_state: { checkpoints: { EVALUATE_EXECUTION: { evaluators_run } } },
    });
    const shorter: MetadataV3 = {
      loopState: { checkpoints: { EVALUATE_EXECUTION: { evaluatorsRun: [{ evaluator: 'a' }] } } },
    };
    expect(JSON.parse(writeMetadata(text, shorter))).toMatchObject({
      loop_state: { checkpoints: { EVALUATE_EXECUTION: { evaluators_run: [{ evaluator: 'a', who: 'Bob' }] } } },
    });
  });

  it('reads a version above 3 with a warning and does not lower it [FMT-24]', () => {
    const text = JSON.stringify({ ...published, version: 4, shape: 'new' });
    const { version, findings, metadata } = parseMetadata(text);
    expect([version, findings.map(({ item, severity }) => [item, severity])]).toEqual([4, [['version', 'warning']]]);
    expect(metadata?.loopState?.currentStep).toBe('EXECUTE');
    expect(writeMetadata(text, metadata ?? {})).toBe(text);
  });

  it('takes dates, times, offsets and milliseconds, and writes UTC [FMT-25]', () => {
    const at = (created_at: unknown) => read({ created_at }).metadata?.createdAt;
    expect(at('2026-02-01')).toBe('2026-02-01T00:00:00.000Z');
    expect(at('2026-02-01T10:00:00Z')).toBe('2026-02-01T10:00:00.000Z');
    expect(at('2026-02-01T10:00:00.5+02:00')).toBe('2026-02-01T08:00:00.500Z');
    expect(at('2026-02-01T10:00:00+0200')).toBe('2026-02-01T08:00:00.000Z');
    expect(at('2026-02-01T10:00:00.123456')).toBe('2026-02-01T10:00:00.123Z');
    expect(at('2026-02-01 10:00:00')).toBe('2026-02-01T10:00:00.000Z');
    for (const none of ['soon', '2026-13-01', 7, ''])
      expect(items({ created_at: none }), String(none)).toEqual(['created_at']);
    const text = '{"version": 3, "created_at": "2026-02-01", "updated_at": "2026-02-01T12:00:00+02:00"}';
    expect(
      JSON.parse(writeMetadata(text, { createdAt: '2026-02-01T00:00:00.000Z', updatedAt: '2026-02-02T00:00:00.000Z' })),
    ).toMatchObject({ created_at: '2026-02-01', updated_at: '2026-02-02T00:00:00.000Z' });
  });

  it('maps other words for the status and keeps them until the status changes [FMT-26]', () => {
    const cases = {
      completed: 'complete',
      done: 'complete',
      archived: 'complete',
      implemented: 'complete',
      active: 'in_progress',
      'in-progress': 'in_progress',
      planned: 'new',
      pending: 'new',
      blocked: 'blocked',
      cancelled: 'cancelled',
    };
    for (const [theirs, ours] of Object.entries(cases)) {
      const text = JSON.stringify({ version: 3, status: theirs });
      const { metadata, findings } = parseMetadata(text);
      expect([metadata?.status, findings]).toEqual([ours, []]);
      expect(writeMetadata(text, metadata ?? {})).toContain(`"status":"${theirs}"`);
      expect(JSON.parse(writeMetadata(text, { status: ours === 'new' ? 'complete' : 'new' }))).toMatchObject({
        status: ours === 'new' ? 'complete' : 'new',
      });
    }
    const free = '{"version":3,"status":"waiting for Bob"}';
    const { metadata, findings } = parseMetadata(free);
    expect([metadata?.status, findings.map(({ item }) => item)]).toEqual([undefined, ['status']]);
    expect(writeMetadata(free, metadata ?? {})).toContain('"status":"waiting for Bob"');
  });

  it('takes any type [FMT-27]', () => {
    for (const type of ['feature', 'bugfix', 'design-system', 'game'])
      expect(read({ type })).toMatchObject({ metadata: { type }, findings: [] });
  });

  it('reads v1, v2 and a file without a version', () => {
    expect(read({ track_id: 'a', type: 'feature', status: 'new', description: 'text' })).toMatchObject({
      version: 1,
      metadata: { trackId: 'a', extra: { description: 'text' } },
      findings: [],
    });
    expect(read({ version: 2, loop_state: { checkpoints: {} } })).toMatchObject({ version: 2, findings: [] });
    expect(read({ version: '2', loop_state: {} }).version).toBe(2);
    expect(read({ version: 'new', loop_state: {} })).toMatchObject({ version: 1, findings: [{ item: 'version' }] });
    expect(JSON.parse(writeMetadata('{"track_id": "a"}', {}))).toEqual({
      track_id: 'a',
      version: 3,
      board_sessions: [],
      lead_consultations: [],
      discovered_work: [],
      blockers: [],
    });
    expect(read({ depends_on: ['x'], max: '3', loop_state: { fix_cycle_count: '2' } })).toMatchObject({
      metadata: { dependencies: ['x'], loopState: { fixCycleCount: 2 } },
      findings: [{ item: 'loop_state.fix_cycle_count' }],
    });
  });

  it('reads UTF-8 and UTF-16 with and without a byte order mark', () => {
    const text = '{"track_id":"größe"}';
    const utf16 = (bigEndian: boolean, mark: boolean) => {
      const units = [...(mark ? '\ufeff' : ''), ...text].map((char) => char.charCodeAt(0));
      return Uint8Array.from(units.flatMap((unit) => (bigEndian ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])));
    };
    const encodings = [
      new TextEncoder().encode(text),
      new TextEncoder().encode(`\ufeff${text}`),
      utf16(false, true),
      utf16(true, true),
      utf16(false, false),
      utf16(true, false),
    ];
    for (const bytes of encodings)
      expect(parseMetadata(bytes)).toMatchObject({ metadata: { trackId: 'größe' }, findings: [] });
    expect(parseMetadata(`\ufeff${text}`).metadata?.trackId).toBe('größe');
  });

  it('reports duplicate keys and keeps prototype keys out', () => {
    const { metadata, findings } = parseMetadata(
      '{"track_id":"a","track_id":"b","__proto__":{"polluted":1},"loop_state":{"checkpoints":{"__proto__":{"status":"PASSED"}}}}',
    );
    expect(metadata?.trackId).toBe('b');
    expect(findings.map(({ item }) => item)).toEqual(['track_id', '__proto__', 'loop_state.checkpoints.__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(metadata?.loopState?.checkpoints)).toBe(Object.prototype);
  });

  it('says why a file cannot be read, with the line, and writes over it anew', () => {
    expect(parseMetadata('{\n"a": 1,\n}')).toMatchObject({
      metadata: undefined,
      findings: [{ severity: 'error', code: 'FILE_DAMAGED', line: 3 }],
    });
    expect(parseMetadata('[]')).toMatchObject({ metadata: undefined, findings: [{ severity: 'error' }] });
    expect(parseMetadata(Uint8Array.of(0xff, 0x00, 0x80)).metadata).toBeUndefined();
    expect(JSON.parse(writeMetadata('{"a":', { trackId: 'x' }))).toMatchObject({ version: 3, track_id: 'x' });
  });

  it('never throws, and reads back what it wrote over any object', () => {
    const keys = fc.constantFrom(
      'track_id',
      'status',
      'loop_state',
      'checkpoints',
      'FIX',
      'board_sessions',
      'blockers',
      'commits',
      'created_at',
      'version',
      'x',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 3 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, tree, { maxKeys: 5 }), (value) => {
        const text = JSON.stringify(value);
        const { metadata = {} } = parseMetadata(text);
        const written = writeMetadata(text, metadata);
        expect(parseMetadata(written).metadata).toMatchObject(metadata);
        expect(writeMetadata(written, metadata)).toBe(written);
      }),
      { numRuns: 150 },
    );
  });
});

it('writes a consultation whose time stands in another form once', () => {
  const text = '{"lead_consultations":[{"timestamp":"2026-01-01","question":"q","own":1}]}';
  const { metadata } = parseMetadata(text);
  expect(JSON.parse(writeMetadata(text, metadata ?? {}))).toMatchObject({
    lead_consultations: [{ timestamp: '2026-01-01', question: 'q', own: 1 }],
  });
});
