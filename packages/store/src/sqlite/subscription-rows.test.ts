import { expect, it } from 'vitest';
import { FakeClock } from '@conductor/core/testing';
import { openDatabase } from '../../test/open-database.js';
import { preparedSql } from './database.js';
import { migrate } from './migrations.js';
import { sqliteSubscriptionRows } from './subscription-rows.js';

it('reads a delivery by itself beside more parked ones than are remembered', () => {
  const database = openDatabase(':memory:');
  migrate(database, { clock: new FakeClock(), readOnly: false });
  const sql = preparedSql(database);
  let lists = 0;
  const all: typeof sql.all = (...asked) => {
    lists += 1;
    return sql.all(...asked);
  };
  const rows = sqliteSubscriptionRows({ ...sql, all });
  const parked = { stream: 'track/1', attempts: 0, dueMs: 0, claim: 0, dead: false, error: '' };
  for (let seq = 1; seq <= 10_001; seq += 1) rows.putDelivery('s', { ...parked, seq });
  expect(rows.deliveries('s', false)).toHaveLength(10_001);
  expect(rows.delivery('s', 7)).toEqual({ ...parked, seq: 7 });
  expect(lists).toBe(1);
  database.close();
});
