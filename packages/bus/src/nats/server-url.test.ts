import { ConductorError } from '@conductor/core';
import { describe, expect, it } from 'vitest';
import { parseNatsUrl } from './server-url.js';

describe('the address of a NATS bus', () => {
  it('names servers, a part of them, and who asks', () => {
    expect(parseNatsUrl('nats://bus')).toEqual({ servers: ['bus'], tls: false });
    expect(parseNatsUrl('tls://ann:p%40ss@a:4222,b:4223/team-a')).toEqual({
      servers: ['a:4222', 'b:4223'],
      tls: true,
      prefix: 'team-a',
      user: 'ann',
      pass: 'p@ss',
    });
    expect(parseNatsUrl('nats://t0ken@[::1]:4222/')).toEqual({ servers: ['[::1]:4222'], tls: false, token: 't0ken' });
  });

  it('is refused without a word of its password', () => {
    const wrong = [
      '',
      'bus:4222',
      'http://bus',
      'nats://',
      'nats://s3cret@',
      'nats://s3cret@a b',
      'nats://s3cret@a/x/y',
    ];
    for (const text of [...wrong, 'nats://s3cret%@a', 'nats://s3cret@a?b', 'nats://s3cret@a:99999999', 'nats://a,,b']) {
      const error = catchError(() => parseNatsUrl(text));
      expect(ConductorError.is(error, 'CONFIG_INVALID'), text).toBe(true);
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('s3cret');
    }
  });
});

function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
