/** Resolves at the abort, at once when that was before; listens no longer than `until`. */
export function whenAborted(signal: AbortSignal, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const listener = () => {
      resolve();
    };
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', listener, { once: true, signal: until });
  });
}
