import type { Logger } from '@conductor/core/ports';
import type { Output } from './output.js';

/** What the engine logs, as lines on stderr. */
export function stderrLogger(out: Output, fields: Readonly<Record<string, unknown>> = {}): Logger {
  const say =
    (level: string) =>
    (message: string, more: Readonly<Record<string, unknown>> = {}) => {
      const all = { ...fields, ...more };
      out.note(`${level} ${message}${Object.keys(all).length === 0 ? '' : ` ${JSON.stringify(all)}`}`);
    };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    with: (more) => stderrLogger(out, { ...fields, ...more }),
  };
}
