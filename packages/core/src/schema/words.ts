import { iso as all } from 'zod';
import type { core, ZodISODateTime } from 'zod';

/**
 * The words of zod that the schemas of Conductor are written in, and no others: what is not named here is not in the built
 * package, where zod is one file of a sixth of its size (decision 0026). A missing word is a compile error where it is used.
 */
export {
  ZodArray,
  ZodNumber,
  ZodOptional,
  array,
  boolean,
  discriminatedUnion,
  enum,
  int,
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
} from 'zod';

/** The one of its words that we use, with its type: a declaration file cannot name the type of the whole. */
export const iso: { readonly datetime: (params?: string | core.$ZodISODateTimeParams) => ZodISODateTime } = {
  datetime: all.datetime,
};
