import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodeInfo, errorCodes, findingCodes, isErrorCode } from './error-codes.js';
import type { ErrorCodeInfo } from './error-codes.js';

const document = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');

function facts({ status, exit, retryable }: ErrorCodeInfo): string {
  return `${status === undefined ? 'no HTTP status' : `HTTP ${status}`} · exit ${exit}${retryable ? ' · retryable' : ''}`;
}

describe('error codes', () => {
  it('have an entry each in docs/errors.md, with the same status, exit code and retry', () => {
    for (const [code, info] of Object.entries(errorCodes)) {
      const entry = document.split(`\n### ${code}\n`)[1]?.split('\n### ')[0];
      expect({ code, facts: entry?.trim().split('\n')[0] }).toEqual({ code, facts: facts(info) });
      expect(entry).toContain('**What to do:**');
    }
  });

  it('are the only entries of docs/errors.md', () => {
    const entries = [...document.matchAll(/^### (.+)$/gm)].map(([, code]) => code);
    expect(entries).toHaveLength(Object.keys(errorCodes).length);
    expect(new Set(entries)).toEqual(new Set(Object.keys(errorCodes)));
  });

  it('are written in upper snake case, with a status that HTTP knows and a documented exit code', () => {
    for (const [code, { status, exit }] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(status ?? 400).toBeGreaterThanOrEqual(400);
      expect([1, 2, 3, 4, 5, 10, 130]).toContain(exit);
    }
  });

  it('give a plugin’s code the standing of a failed plugin', () => {
    expect(errorCodeInfo('acme/NO_QUOTA')).toEqual({ status: 422, exit: 1, retryable: false });
  });

  it('give an unknown code, hostile ones included, the standing of an internal error', () => {
    for (const code of ['FROM_THE_FUTURE', '__proto__', 'constructor', '']) {
      expect(isErrorCode(code)).toBe(false);
      expect(errorCodeInfo(code)).toEqual({ status: 500, exit: 10, retryable: false });
    }
  });
});

describe('finding codes', () => {
  it('are documented too, and are no error codes', () => {
    for (const code of findingCodes) {
      expect(document).toContain(`| \`${code}\``);
      expect(isErrorCode(code)).toBe(false);
    }
  });
});
