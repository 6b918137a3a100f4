import type { Logger } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { troublesOf } from './worker.js';

describe('the troubles of a worker', () => {
  it('are told once while they stay the same, whichever run has them; what is no trouble is not told', () => {
    const told: string[] = [];
    const tell = (message: string) => void told.push(message);
    const logger: Logger = { debug: tell, info: tell, warn: tell, error: tell, with: () => logger };
    const troubles = troublesOf(logger);
    troubles.info('begins');
    troubles.debug('looks');
    for (const each of [troubles, troubles, troubles.with({ run: 'r' })]) each.warn('no bus', { error: 'away' });
    troubles.warn('no bus', { error: 'gone' });
    troubles.error('no store');
    troubles.warn('no bus', { error: 'gone' });
    expect(told).toEqual(['no bus', 'no bus', 'no store', 'no bus']);
  });
});
