import type { GlobalFlags, Terminal } from './command.js';

const defaultColumns = 80;
const defaultRows = 24;

/** A terminal to draw on, or `undefined` where plain lines are due: no TTY, `TERM=dumb`, CI, `--json`, `--quiet`, `NO_COLOR`. */
export function terminalOf(
  stdout: NodeJS.WriteStream,
  environment: Readonly<Record<string, string | undefined>>,
  flags: GlobalFlags,
): Terminal | undefined {
  if (flags.json || flags.quiet || !stdout.isTTY) return undefined;
  const forced = (environment['FORCE_COLOR'] ?? '') !== '' && environment['FORCE_COLOR'] !== '0';
  const plain =
    (environment['NO_COLOR'] ?? '') !== '' ||
    environment['TERM'] === 'dumb' ||
    (environment['CI'] ?? '') !== '' ||
    !flags.color;
  if (plain && !forced) return undefined;
  return {
    get columns() {
      return stdout.columns || defaultColumns; // 0 where a pseudo terminal was told no size
    },
    get rows() {
      return stdout.rows || defaultRows;
    },
    color: true,
    write: (text) => void stdout.write(text),
  };
}
