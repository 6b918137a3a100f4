import type { ZodType } from 'zod';
import { zod } from '#zod';
import type { Zod } from '#zod';

/**
 * A schema that is built when it is first asked for anything, so that importing its file costs nothing. For files of the root,
 * which whoever writes a driver imports for an error class; elsewhere a schema is written as it is.
 *
 * Whatever it is asked for, the built schema answers: its properties, its methods, what it is an instance of. It has no keys of
 * its own, so it is not to be copied by spreading it.
 */
export function lazySchema<S extends ZodType>(build: (z: Zod) => S): S {
  let built: S | undefined;
  const schema = (): S => (built ??= build(zod()));
  const traps: ProxyHandler<S> = {
    get: (_, key) => Reflect.get(schema(), key),
    has: (_, key) => Reflect.has(schema(), key),
    getPrototypeOf: () => Reflect.getPrototypeOf(schema()),
    defineProperty: (_, key, descriptor) => Reflect.defineProperty(schema(), key, descriptor),
  };
  return new Proxy({} as S, traps); // the target is never seen: every trap answers for the schema
}
