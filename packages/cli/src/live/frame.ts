import { parseInstant, steps } from '@conductor/core';
import { cut, plain, widthOf } from '../plain-text.js';
import { symbolOf } from '../symbols.js';
import { progressOf } from './run-picture.js';
import type { BoardPicture, GateMark, RunPicture } from './run-picture.js';
import { renderLine } from './styled-line.js';
import type { Piece, Style, StyledLine } from './styled-line.js';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
  /** Milliseconds since the epoch: how long workers have been at it. */
  readonly now: number;
}

/** The last column stays free: terminals differ in what they do after writing into it. */
const spare = 1;

/**
 * The picture as lines for a terminal: at most `rows - 1` of them, each at most `columns - 1` wide. What matters least goes first
 * when the terminal is low: locks, then gates, then the board, then lanes.
 */
export function frame(picture: RunPicture, { columns, rows, color, now }: FrameSize): string[] {
  const width = Math.max(20, columns - spare);
  const fixed = [...head(picture, width, now), progressLine(picture, width)];
  const parts = [lanes(picture, width, now), board(picture), gates(picture), locks(picture)];
  const chosen: StyledLine[] = [...fixed];
  let room = Math.max(2, rows - 1) - fixed.length;
  for (const part of parts) {
    const shown = part.slice(0, Math.max(0, room));
    chosen.push(...shown);
    room -= shown.length;
  }
  return chosen.slice(0, Math.max(1, rows - 1)).map((line) => renderLine(line, { columns: width, color }));
}

function head(picture: RunPicture, width: number, now: number): StyledLine[] {
  const elapsed = picture.runStartedAt === undefined ? '' : duration(now - parseInstant(picture.runStartedAt));
  const name = cut(plain(picture.name), Math.max(0, width - elapsed.length - 8));
  const rule = '─'.repeat(Math.max(0, width - 5 - widthOf(name) - elapsed.length));
  const title: StyledLine = [
    { text: '── ', style: 'dim' },
    { text: name, style: 'strong' },
    { text: ` ${rule} `, style: 'dim' },
    elapsed,
  ];
  const shown = steps.filter((step) => picture.steps.has(step) || always.has(step));
  const stepPieces = shown.flatMap((step, index): Piece[] => {
    const status = picture.steps.get(step) ?? 'NOT_STARTED';
    const current = step === picture.step && picture.stop === undefined;
    return [
      { text: `${index === 0 ? '' : '  '}${symbolOf(status)} `, style: styleOfStep(status) },
      { text: stepWord[step], style: current ? 'strong' : status === 'NOT_STARTED' ? 'dim' : 'plain' },
    ];
  });
  return [title, stepPieces];
}

const always = new Set<string>(['PLAN', 'EVALUATE_PLAN', 'EXECUTE', 'EVALUATE_EXECUTION', 'COMPLETE']);

/** Short enough that all of them stand on one line of 80 columns. */
const stepWord: Readonly<Record<(typeof steps)[number], string>> = {
  BRAINSTORM: 'brainstorm',
  PLAN: 'plan',
  EVALUATE_PLAN: 'evaluate plan',
  EXECUTE: 'execute',
  EVALUATE_EXECUTION: 'evaluate work',
  FIX: 'fix',
  BUSINESS_SYNC: 'sync',
  COMPLETE: 'complete',
};

function styleOfStep(status: string): Style {
  const styles: Readonly<Record<string, Style>> = {
    PASSED: 'good',
    FAILED: 'bad',
    BLOCKED: 'wait',
    IN_PROGRESS: 'strong',
  };
  return styles[status] ?? 'dim';
}

function progressLine(picture: RunPicture, width: number): StyledLine {
  const { total, done, running, waiting, failed, blocked, skipped } = progressOf(picture);
  const over = done + skipped;
  const bar = Math.max(4, Math.min(30, width - 50));
  const full = total === 0 ? 0 : Math.round((over / total) * bar);
  const parts = [
    total === 0 ? 'no plan yet' : `${over} of ${total} tasks`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(failed + blocked > 0 ? [`${failed + blocked} failed or blocked`] : []),
    ...(picture.fixCycles > 0 ? [`fix cycle ${picture.fixCycles}`] : []),
  ];
  return [
    { text: '█'.repeat(full), style: 'good' },
    { text: '░'.repeat(bar - full), style: 'dim' },
    `  ${parts.join(', ')}`,
  ];
}

function lanes({ lanes: all, stop }: RunPicture, width: number, now: number): StyledLine[] {
  if (stop !== undefined) return [];
  return all.map((lane, index): StyledLine => {
    const number: Piece = { text: `  ${index + 1}`, style: 'dim', columns: 5 };
    if (!lane) return [number, { text: 'idle', style: 'dim' }];
    const time = duration(now - parseInstant(lane.startedAt));
    const text = Math.max(0, width - 5 - 9 - time.length - 1);
    return [number, { text: lane.label, style: 'strong', columns: 9 }, { text: lane.text, columns: text }, ` ${time}`];
  });
}

const styleOfVerdict: Readonly<Record<string, Style>> = {
  PASS: 'good',
  APPROVE: 'good',
  APPROVED: 'good',
  FAIL: 'bad',
  REJECT: 'bad',
  REJECTED: 'bad',
  CONCERNS: 'wait',
  ABSTAIN: 'wait',
  ESCALATE: 'wait',
};

function board({ board: session }: RunPicture): StyledLine[] {
  if (!session) return [];
  const seats = session.seats.flatMap((seat): Piece[] => {
    const said = opinionOf(session, seat);
    return [{ text: `  ${seat} ` }, { text: said, style: styleOfVerdict[said] ?? 'dim' }];
  });
  const verdict: Piece[] =
    session.verdict === undefined
      ? []
      : [{ text: `${session.verdict} ${session.summary ?? ''}`, style: styleOfVerdict[session.verdict] ?? 'good' }];
  return [
    [
      { text: 'Board', columns: 7 },
      ...(verdict.length > 0 ? verdict : [{ text: phaseWord[session.phase] ?? session.phase, style: 'dim' as const }]),
    ],
    [{ text: '', columns: 5 }, ...seats],
  ];
}

const phaseWord: Readonly<Record<string, string>> = {
  assess: 'assesses',
  discuss: 'discusses',
  vote: 'votes',
  resolve: 'resolves',
};

/** The vote once voting has begun, the assessment before, a dot for who has not spoken. */
function opinionOf({ phase, votes, assessments }: BoardPicture, seat: string): string {
  const voting = phase === 'vote' || votes.size > 0;
  return (voting ? votes : assessments).get(seat) ?? '·';
}

/** As many gates on a line as fit are listed; verdicts stand behind their names. */
function gates({ gates: all, conditions }: RunPicture): StyledLine[] {
  if (all.size === 0) return [];
  const pieces = [...all].flatMap(([name, mark]): Piece[] => [
    { text: `${name} ` },
    { text: `${gateWord[mark]}  `, style: styleOfVerdict[mark] ?? 'dim' },
  ]);
  const open = [...conditions.values()].filter(({ met }) => met === undefined).length;
  return [
    [
      { text: 'Gates', columns: 7 },
      ...pieces,
      ...(open > 0 ? [{ text: `${open} open condition${open === 1 ? '' : 's'}`, style: 'wait' as const }] : []),
    ],
  ];
}

const gateWord: Readonly<Record<GateMark, string>> = { running: '…', PASS: 'PASS', FAIL: 'FAIL', NA: 'n/a' };

/** One line for each file that a running task holds, with who waits for it. Files that somebody waits for come first. */
function locks({ tasks, waits }: RunPicture): StyledLine[] {
  const waiting = new Map<string, string[]>();
  for (const { taskId, files } of waits.values()) {
    for (const file of files) waiting.set(file, [...(waiting.get(file) ?? []), taskId]);
  }
  const held = [...tasks.values()].flatMap(({ id, files, mark }) =>
    mark === 'running' ? files.map((file) => ({ id, file })) : [],
  );
  held.sort((a, b) => Number(waiting.has(b.file)) - Number(waiting.has(a.file)));
  return held.map(({ id, file }, index): StyledLine => {
    const waiters = waiting.get(file) ?? [];
    return [
      { text: index === 0 ? 'Locks' : '', columns: 7 },
      { text: file, columns: Math.max(24, Math.min(40, widthOf(plain(file)))) },
      `  held by ${id}`,
      ...(waiters.length > 0 ? [{ text: `  waited for by ${waiters.join(', ')}`, style: 'wait' as const }] : []),
    ];
  });
}

/** `0:07`, `12:30`, `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
