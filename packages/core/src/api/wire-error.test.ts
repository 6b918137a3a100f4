import { describe, expect, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import { errorCodes } from '../kernel/error-codes.js';
import { readErrorBody, statusOfError, toWireError } from './wire-error.js';

describe('errors on the wire', () => {
  it('carries code, message, hint, details and retryable, and comes back as the same error', () => {
    const error = new ConductorError('TRACK_HELD', 'Held by b', { hint: 'Wait.', details: { owner: 'b' } });
    const wire = JSON.parse(JSON.stringify({ error: toWireError(error) })) as unknown;
    expect(wire).toEqual({
      error: { code: 'TRACK_HELD', message: 'Held by b', hint: 'Wait.', details: { owner: 'b' }, retryable: true },
    });
    expect(readErrorBody(wire)).toMatchObject({
      code: 'TRACK_HELD',
      message: 'Held by b',
      hint: 'Wait.',
      details: { owner: 'b' },
      retryable: true,
    });
  });

  it('never carries a cause or a stack', () => {
    const error = new ConductorError('STORE_FAILED', 'Commit failed', { cause: new Error('/secret/path') });
    expect(JSON.stringify(toWireError(error))).not.toMatch(/secret|stack|wire-error/);
  });

  it('keeps a code of a newer server', () => {
    expect(readErrorBody({ error: { code: 'BRAND_NEW', message: 'x' } })).toMatchObject({
      code: 'BRAND_NEW',
      retryable: false,
    });
  });

  it.each([null, 'text', {}, { error: null }, { error: { message: 'x' } }, { error: { code: '', message: 'x' } }])(
    'does not take %j for one of ours',
    (body) => {
      expect(readErrorBody(body)).toBeUndefined();
    },
  );

  it('has the status of each code, 422 for a code of a plugin, and 500 for an unknown one', () => {
    for (const [code, info] of Object.entries(errorCodes)) expect(statusOfError(code)).toBe(info.status ?? 500);
    expect(statusOfError('acme/BROKEN')).toBe(422);
    expect(statusOfError('BRAND_NEW')).toBe(500);
  });
});
