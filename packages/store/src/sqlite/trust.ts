/**
 * A write is mostly what it says to be: its key was not used before, its stream is new. While it is trusted, nothing of that
 * is looked up: the tables refuse the change where it is not so. Who was trusted and failed may have failed because of it.
 */
export interface Trust {
  /** Whether the caller may go without looking; notes that it does. */
  take(): boolean;
  /** Whether anybody has, since it was last set. */
  used: boolean;
  with<T>(work: () => T): T;
  without<T>(work: () => T): T;
}

export function createTrust(): Trust {
  let allowed = false;
  const set = <T>(wanted: boolean, work: () => T): T => {
    const before = allowed;
    allowed = wanted;
    try {
      return work();
    } finally {
      allowed = before;
    }
  };
  const trust: Trust = {
    used: false,
    take() {
      trust.used ||= allowed;
      return allowed;
    },
    with: (work) => set(true, work),
    without: (work) => set(false, work),
  };
  return trust;
}
