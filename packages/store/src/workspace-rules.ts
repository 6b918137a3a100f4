import { ConductorError } from '@conductor/core';

/** How much `read` takes without being told: as much as a view may be. */
export const defaultReadBytes = 16 * 1024 * 1024;

/** How often a held lock folder is looked at, as published. */
export const lockPollMs = 100;

export const newlineByte = 10;

/** A line as it is stored: with a newline at its end. */
export function withNewline(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n`;
}

export function fileTooLarge(path: string, maxBytes: number): ConductorError {
  return new ConductorError('TOO_LARGE', `${path} is larger than ${maxBytes} bytes`, { details: { path, maxBytes } });
}

export function fileChanged(path: string): ConductorError {
  return new ConductorError('FILE_CHANGED', `${path} is not the file that was read`, {
    hint: 'Read it again, decide again, then write.',
    details: { path },
  });
}

export function lockTimeout(folder: string, waitMs: number, owner?: string): ConductorError {
  return new ConductorError('LOCK_TIMEOUT', `${folder} was still held after ${waitMs} ms`, {
    hint: 'Try again; when no program uses the project any more, remove the folder.',
    details: { folder, ...(owner === undefined ? {} : { owner }) },
  });
}
