import type { Finding } from '../kernel/finding.js';

/** Findings, and failures, that are taken over of one folder. */
export const maxFindings = 200;

/** A finding about the `metadata.json` of a folder that is taken over. */
export function warning(code: string, message: string, severity: Finding['severity'] = 'warning'): Finding {
  return { severity, code, message, path: 'metadata.json' };
}
