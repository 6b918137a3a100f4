// The meeting as facts
export { board } from './board.js';
export type { BoardState, Recorded, Resolution } from './board-state.js';
export { boardCommands, maxRounds } from './commands.js';
export type { BoardCommand, BoardCommandData, BoardCommandName } from './commands.js';
export { Seat, Tally, boardEvents } from './events.js';
export type { BoardEventData, BoardEventType } from './events.js';
export { turnEffect } from './turns.js';
export type { AbstainReason, SpeakingPhase, TurnKey } from './turns.js';

// What comes next, and how it ends
export { boardDue, checkpoints } from './convene.js';
export type { BoardDue, BoardDueInput, Checkpoint, SensitiveMatter } from './convene.js';
export { nextTurn } from './next-turn.js';
export type { NextTurn } from './next-turn.js';
export { launchTally, quickTally, resolutionOf, tally, voteOf } from './tally.js';
export type { Counted } from './tally.js';

// Holding a meeting
export { directorOf, seatOf } from './director.js';
export type { Director } from './director.js';
export { memoryRecorder } from './memory-recorder.js';
export type { MemoryRecorder } from './memory-recorder.js';
export { runMeeting } from './run-meeting.js';
export type { MeetingOptions, RecordTurns } from './run-meeting.js';

// Records
export { minutes } from './minutes.js';
export { sessionOf } from './session.js';
export {
  assessmentsRecord,
  discussionRecord,
  publishedSessionId,
  sessionEntry,
  sessionRecord,
  votesRecord,
} from './session-record.js';
