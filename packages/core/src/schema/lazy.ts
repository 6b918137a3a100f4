import type { ZodType } from 'zod';
import { zod } from '#zod';
import type { Zod } from '#zod';

/**
 * A schema that is built when it is first asked for anything, so that importing its file costs nothing. For files of the root,
 * which whoever writes a driver imports for an error class; elsewhere a schema is written as it is.
 *
 * It answers as the built schema does, and as itself where that is wrapped: `lazySchema(…).optional()` builds it.
 */
export function lazySchema<S extends ZodType>(build: (z: Zod) => S): S {
  let built: S | undefined;
  const schema = (): S => (built ??= build(zod()));
  const traps: ProxyHandler<S> = {
    get: (_, key) => Reflect.get(schema(), key),
    set: (_, key, value) => Reflect.set(schema(), key, value),
    has: (_, key) => Reflect.has(schema(), key),
    ownKeys: () => Reflect.ownKeys(schema()),
    getPrototypeOf: () => Reflect.getPrototypeOf(schema()),
    defineProperty: (_, key, descriptor) => Reflect.defineProperty(schema(), key, descriptor),
    // A proxy may not call a property fixed that its own target does not have.
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(schema(), key);
      return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
    },
  };
  return new Proxy({} as S, traps); // the target is never seen: every trap answers for the schema
}
