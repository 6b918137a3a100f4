// Zod as Conductor writes its schemas: `import * as z from '@conductor/core/schema'`. One copy for all packages, without
// what none of them uses. Your own schemas may come from any zod 4, or from any library of Standard Schema.
import type { core, ZodArray as ArrayOf } from 'zod';
import { zod } from '#zod';

const words = zod();

export const {
  ZodArray,
  ZodNumber,
  ZodOptional,
  array,
  boolean,
  discriminatedUnion,
  int,
  iso,
  json,
  literal,
  looseObject,
  number,
  object,
  partialRecord,
  prettifyError,
  record,
  registry,
  strictObject,
  string,
  templateLiteral,
  toJSONSchema,
  tuple,
  union,
  unknown,
} = words;
const enumOf = words.enum;
export { enumOf as enum };
export type ZodArray<T extends core.SomeType> = ArrayOf<T>; // a value and a type, as in zod

export type { core, infer, input, output, ZodError, ZodObject, ZodType } from 'zod';
