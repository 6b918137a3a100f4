import type { Writable } from 'node:stream';

/** What becomes of the text that was written to a stream. */
export interface WatchedOutput {
  /** Resolves when all of it is handed on, or cannot be: with the first error then. */
  handedOn(): Promise<NodeJS.ErrnoException | undefined>;
}

/** Nobody reads any more: EPIPE, or with EIO the terminal is gone. Anything else (a full disk behind a redirect) is a failure. */
export function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO' || code === 'ERR_STREAM_DESTROYED';
}

/** Its listener stays: an error may come after the last write, and without one it would end the process. */
export function watchOutput(stream: Pick<Writable, 'on' | 'write'>): WatchedOutput {
  let failure: NodeJS.ErrnoException | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => (failure ??= error));
  return {
    async handedOn() {
      await new Promise<void>((resolve) => void stream.write('', () => resolve()));
      return failure;
    },
  };
}
