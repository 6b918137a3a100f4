import { withTimeout } from '@conductor/core';
import type { Call, ConductorApi } from '@conductor/core/api';
import type { Clock } from '@conductor/core/ports';

type Method = (...args: unknown[]) => unknown;

/**
 * The same API with the two promises every call makes: one that was ended before is not begun, and `timeoutMs` ends its
 * wait with `TIMEOUT`. Written once here instead of in every method.
 */
export function limitedCalls(clock: Clock, api: ConductorApi): ConductorApi {
  const namespaces = Object.entries(api).map(
    ([name, methods]) => [name, limited(clock, methods as Readonly<Record<string, Method>>)] as const,
  );
  return Object.freeze(Object.fromEntries(namespaces)) as unknown as ConductorApi; // the same names with the same methods
}

function limited(clock: Clock, methods: Readonly<Record<string, Method>>): object {
  const entries = Object.entries(methods).map(([name, method]): readonly [string, Method] => {
    if (name === 'follow') return [name, method]; // an iterable: it checks its signal at each page
    return [
      name,
      async (...args) => {
        const { signal, timeoutMs } = callOf(args.at(-1));
        signal?.throwIfAborted();
        if (timeoutMs === undefined || name === 'waitFor') return method(...args);
        return withTimeout(() => Promise.resolve(method(...args)), { timeoutMs, clock, signal });
      },
    ];
  });
  return Object.freeze(Object.fromEntries(entries));
}

function callOf(last: unknown): Call {
  if (typeof last !== 'object' || last === null) return {};
  return 'signal' in last || 'timeoutMs' in last ? (last as Call) : {}; // no input of the API has keys of these names
}
