import type { Finding } from '@conductor/core/api';
import { plain } from './plain-text.js';

/** Findings as people read them: what, where, and what to do about it. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, code, path, line, message, hint }) => {
    const place = path === undefined ? '' : ` ${plain(path)}${line === undefined ? '' : `:${line}`}`;
    const next = hint === undefined || hint === '' ? '' : `\n  hint: ${plain(hint)}`;
    return `${severity}${code === undefined ? '' : ` ${code}`}${place}: ${plain(message)}${next}`;
  });
}
