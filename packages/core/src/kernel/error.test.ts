import { describe, expect, it } from 'vitest';
import { ConductorError, toConductorError } from './error.js';

const overTheWire = (error: ConductorError) => ConductorError.fromJSON(JSON.parse(JSON.stringify(error)));

function nested(levels: number): ConductorError {
  let error = new ConductorError('STORE_FAILED', 'level 0');
  for (let level = 1; level <= levels; level += 1)
    error = new ConductorError('STORE_FAILED', `level ${level}`, { cause: error });
  return error;
}

function causes(error: Error): number {
  return error.cause instanceof Error ? 1 + causes(error.cause) : 0;
}

describe('ConductorError', () => {
  it('takes hint and retryable from its code', () => {
    const error = new ConductorError('TRACK_HELD', 'Track greet is run by engine e1');
    expect(error).toMatchObject({ name: 'ConductorError', code: 'TRACK_HELD', retryable: true, details: {} });
    expect(error.hint).toContain('conductor log --follow');
    expect(error.stack).toContain('Track greet is run by engine e1');
  });

  it('lets the throw site say more', () => {
    const cause = new Error('disk');
    const error = new ConductorError('acme/QUOTA', 'No quota', {
      hint: 'Buy some.',
      details: { left: 0 },
      cause,
      retryable: true,
    });
    expect(error).toMatchObject({
      code: 'acme/QUOTA',
      hint: 'Buy some.',
      details: { left: 0 },
      cause,
      retryable: true,
    });
  });

  it('has no hint and no cause where there is none', () => {
    const error = new ConductorError('TASK_NOT_FOUND', 'No task 9.9');
    expect('hint' in error).toBe(false);
    expect('cause' in error).toBe(false);
  });

  it('is recognised across two copies of this package, where instanceof fails', () => {
    const foreignCopy = { [Symbol.for('conductor.error')]: true, code: 'FENCED' };
    expect(foreignCopy).not.toBeInstanceOf(ConductorError);
    expect(ConductorError.is(foreignCopy)).toBe(true);
    expect(ConductorError.is(foreignCopy, 'FENCED')).toBe(true);
  });

  it('is asked for one code or for several', () => {
    const error: unknown = new ConductorError('FENCED', 'Token 3 is not 4');
    expect(ConductorError.is(error, 'LEASE_LOST', 'FENCED')).toBe(true);
    expect(ConductorError.is(error, 'LEASE_LOST')).toBe(false);
  });

  it.each([[undefined], [null], ['FENCED'], [new Error('FENCED')], [{ code: 'FENCED', message: '' }]])(
    'is not %s',
    (value) => {
      expect(ConductorError.is(value)).toBe(false);
    },
  );
});

describe('details', () => {
  it('are plain frozen data, whatever they were made of', () => {
    const details = {
      text: 'a',
      yes: true,
      none: null,
      many: new Set([1, 2]),
      pairs: new Map([['k', 'v']]),
      big: 10n,
      nan: Number.NaN,
      failure: new Error('inner'),
      hole: [undefined, 1],
      method: () => 1,
      absent: undefined,
    };
    const error = new ConductorError('VALIDATION_FAILED', 'x', { details });
    expect(error.details).toStrictEqual({
      text: 'a',
      yes: true,
      none: null,
      many: [1, 2],
      pairs: { k: 'v' },
      big: '10',
      nan: 'NaN',
      failure: 'inner',
      hole: [null, 1],
    });
    expect(Object.isFrozen(error.details)).toBe(true);
  });

  it('carry no prototype keys at any depth', () => {
    const details = JSON.parse(
      '{"__proto__":{"polluted":1},"a":[{"constructor":{"prototype":{"polluted":1}},"b":2}]}',
    ) as Record<string, unknown>;
    const error = new ConductorError('VALIDATION_FAILED', 'x', { details });
    expect(error.details).toStrictEqual({ a: [{ b: 2 }] });
    expect(overTheWire(error).details).toStrictEqual({ a: [{ b: 2 }] });
    expect(Object.getPrototypeOf(error.details)).toBe(Object.prototype);
  });

  it('are cut after eight levels, so that a cycle ends', () => {
    const details: Record<string, unknown> = {};
    details['self'] = details;
    const text = JSON.stringify(new ConductorError('INTERNAL_ERROR', 'x', { details }));
    expect(text.match(/"self":/g)).toHaveLength(9);
    expect(text).toContain('{"self":"…"}');
  });
});

describe('toJSON and fromJSON', () => {
  it('are inverse, causes included', () => {
    const disk = Object.assign(new RangeError('disk'), { cause: new ConductorError('STORE_FULL', 'full') });
    const error = new ConductorError('STORE_FAILED', 'commit 7 failed', { details: { commit: 7 }, cause: disk });
    const read = overTheWire(error);
    expect(read.toJSON()).toEqual(error.toJSON());
    expect(read.cause).toMatchObject({ name: 'RangeError', message: 'disk' });
    expect(ConductorError.is((read.cause as Error).cause, 'STORE_FULL')).toBe(true);
  });

  it('leave out what is absent, and never carry a stack', () => {
    expect(new ConductorError('TASK_NOT_FOUND', 'No task', { cause: new Error('x') }).toJSON()).toStrictEqual({
      code: 'TASK_NOT_FOUND',
      message: 'No task',
      retryable: false,
      cause: { name: 'Error', message: 'x' },
    });
  });

  it('keep a thrown value that is no error', () => {
    expect(new ConductorError('PLUGIN_FAILED', 'x', { cause: 'no luck' }).toJSON().cause).toEqual({
      name: 'string',
      message: 'no luck',
    });
    expect(new ConductorError('PLUGIN_FAILED', 'x', { cause: 7 }).toJSON().cause).toEqual({
      name: 'number',
      message: 'A value of type number was thrown',
    });
  });

  it('cut a chain of causes after eight, in both directions', () => {
    expect(JSON.stringify(nested(20)).match(/"cause":/g)).toHaveLength(8);
    expect(causes(overTheWire(nested(20)))).toBe(8);
    const wire = { code: 'CLOSED', message: '', cause: {} };
    for (let level = 0, inner: Record<string, unknown> = wire; level < 20; level += 1) {
      const next = { code: 'CLOSED', message: '', cause: {} };
      inner['cause'] = next;
      inner = next;
    }
    expect(causes(ConductorError.fromJSON(wire))).toBe(8);
  });

  it('accept a code that this version does not know, with the sender’s word on retrying', () => {
    expect(ConductorError.fromJSON({ code: 'FROM_THE_FUTURE', message: 'x', retryable: true, extra: 1 })).toMatchObject(
      {
        code: 'FROM_THE_FUTURE',
        retryable: true,
      },
    );
  });

  it('fall back on the code where the sender does not speak of retrying', () => {
    expect(ConductorError.fromJSON({ code: 'STORE_BUSY', message: 'x' }).retryable).toBe(true);
  });

  it('read a cause without name and message as an empty error', () => {
    const read = ConductorError.fromJSON({ code: 'CLOSED', message: 'x', cause: { message: 5 } });
    expect(read.cause).toMatchObject({ name: 'Error', message: '' });
  });

  it.each([
    [null],
    ['text'],
    [{}],
    [{ code: '', message: 'x' }],
    [{ code: 'CLOSED' }],
    [{ code: 'CLOSED', message: 'x', details: [] }],
  ])('refuse %j, which is no error', (json) => {
    expect(() => ConductorError.fromJSON(json)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });
});

describe('toConductorError', () => {
  it('returns a ConductorError as it is', () => {
    const error = new ConductorError('CLOSED', 'x');
    expect(toConductorError(error)).toBe(error);
  });

  it('makes anything else an internal error with that cause', () => {
    const thrown = new TypeError('x is undefined');
    expect(toConductorError(thrown)).toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'x is undefined',
      cause: thrown,
    });
  });
});
