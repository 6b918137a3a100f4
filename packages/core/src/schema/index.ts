// Zod as Conductor writes its schemas: `import * as z from '@conductor/core/schema'`. One copy for all packages, without
// what none of them uses. Your own schemas may come from any zod 4, or from any library of Standard Schema.
import { zod } from '#zod';

const words = zod();

// One by one: what reads declaration files knows no destructuring.
export const array = words.array;
export const boolean = words.boolean;
export const discriminatedUnion = words.discriminatedUnion;
export const int = words.int;
export const iso = words.iso;
export const json = words.json;
export const literal = words.literal;
export const looseObject = words.looseObject;
export const number = words.number;
export const object = words.object;
export const partialRecord = words.partialRecord;
export const prettifyError = words.prettifyError;
export const record = words.record;
export const registry = words.registry;
export const strictObject = words.strictObject;
export const string = words.string;
export const templateLiteral = words.templateLiteral;
export const toJSONSchema = words.toJSONSchema;
export const tuple = words.tuple;
export const union = words.union;
export const unknown = words.unknown;
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
