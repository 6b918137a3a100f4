import { parseJson } from '@conductor/core';
import type { Json, Progress, RunContext } from '@conductor/core/ports';

/** Above this the oldest lines of output go: progress may be lost, facts may not. */
const maxWaitingCharacters = 64 * 1024;

/** Tells progress in order, one report at a time: what comes meanwhile is told together by the next. */
export function progressReporter(context: RunContext): { add(progress: Progress): void; flush(): Promise<void> } {
  let waiting: Progress[] = [];
  let characters = 0;
  let busy: Promise<void> | undefined;

  const pump = async () => {
    while (waiting.length > 0) {
      const batch = merged(waiting);
      waiting = [];
      characters = 0;
      for (const progress of batch) await tell(context, progress);
    }
    busy = undefined;
  };

  return {
    add(progress) {
      waiting.push(progress);
      characters += progress.output?.length ?? 0;
      while (characters > maxWaitingCharacters && waiting.length > 1)
        characters -= waiting.shift()?.output?.length ?? 0;
      busy ??= pump();
    },
    async flush() {
      await busy;
    },
  };
}

/** The progress that a line of output states, as `{"progress":{"percent":40,"note":"…"}}` or without the outer object. */
export function progressOf(line: string): Progress {
  const stated = line.startsWith('{') && /"(?:progress|percent|note)"/.test(line) ? statedProgress(line) : undefined;
  return stated ?? { output: line };
}

function statedProgress(line: string): Progress | undefined {
  const value = readObject(line);
  const { percent, note } = asObject(value?.['progress']) ?? value ?? {};
  const isPercent = typeof percent === 'number' && percent >= 0 && percent <= 100;
  if (!isPercent && typeof note !== 'string') return undefined;
  return { ...(isPercent ? { percent } : {}), ...(typeof note === 'string' ? { note: note.slice(0, 1000) } : {}) };
}

function readObject(line: string): { readonly [key: string]: Json } | undefined {
  try {
    return asObject(parseJson(line, { maxBytes: 64 * 1024 }));
  } catch {
    return undefined; // output that only looks like JSON
  }
}

function asObject(value: Json | undefined): { readonly [key: string]: Json } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json }) // neither an array nor a scalar
    : undefined;
}

function merged(reports: readonly Progress[]): Progress[] {
  const batch: Progress[] = [];
  for (const report of reports) {
    const last = batch.at(-1);
    const plain =
      Object.keys(report).join() === 'output' && last !== undefined && Object.keys(last).join() === 'output';
    if (plain) batch[batch.length - 1] = { output: `${last.output ?? ''}\n${report.output ?? ''}` };
    else batch.push(report);
  }
  return batch;
}

async function tell(context: RunContext, progress: Progress): Promise<void> {
  try {
    await context.report(progress);
  } catch (error) {
    context.logger.debug('Progress could not be told', { error: String(error) });
  }
}
