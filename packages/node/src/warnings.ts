import type { ConductorError } from '@conductor/core';
import type { Logger } from '@conductor/core/ports';

/** Where a host that does not ask for warnings finds them. */
export function warningsOf(logger: Logger): (warning: ConductorError) => void {
  return ({ code, message, hint }) => logger.warn(`${code}: ${message}`, hint === undefined ? {} : { hint });
}
