import * as z from '@conductor/core/schema';
import type * as api from '../contract/system.js';
import { count, flag, text } from './scalars.js';

export type Health = api.Health;
export const Health: z.ZodType<api.Health> = z.looseObject({
  status: z.enum(['ok', 'starting', 'closing']),
  apiVersion: z.literal(1),
  version: text,
  seq: count,
});

export const DoctorReport: z.ZodType<Awaited<ReturnType<api.SystemApi['doctor']>>> = z.looseObject({
  ok: flag,
  checks: z.array(
    z.looseObject({
      id: text,
      status: z.enum(['ok', 'warn', 'fail', 'skip']),
      message: text,
      hint: text.exactOptional(),
    }),
  ),
});
