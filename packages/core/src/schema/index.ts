// Zod as Conductor writes its schemas: `import * as z from '@conductor/core/schema'`. One copy for all packages, without
// what none of them uses. Your own schemas may come from any zod 4, or from any library of Standard Schema.
import { zod } from '#zod';

const words = zod();

export const {
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

// A declaration file names the type of a schema by the types of its parts.
export type {
  core,
  infer,
  input,
  output,
  ZodArray,
  ZodBoolean,
  ZodDefault,
  ZodDiscriminatedUnion,
  ZodEnum,
  ZodError,
  ZodExactOptional,
  ZodInt,
  ZodISODateTime,
  ZodJSONSchema,
  ZodLiteral,
  ZodNullable,
  ZodNumber,
  ZodObject,
  ZodOptional,
  ZodPipe,
  ZodReadonly,
  ZodRecord,
  ZodString,
  ZodTemplateLiteral,
  ZodTransform,
  ZodTuple,
  ZodType,
  ZodUnion,
  ZodUnknown,
} from 'zod';
