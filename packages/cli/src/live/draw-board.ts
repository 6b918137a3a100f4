import type { EventEnvelope } from '@conductor/core/ports';
import type { EventData } from '../event-data.js';
import type { RunPicture } from './run-picture.js';

/** Folds an event of a board's stream: who sits there, what they say, how they vote. */
export function drawBoard(picture: RunPicture, data: EventData, { type, stream }: EventEnvelope): void {
  if (type === 'board.opened') {
    picture.gates.set('board', 'running');
    picture.board = {
      id: stream.slice('board/'.length),
      kind: data.text('kind'),
      phase: 'assess',
      seats: data.records('directors').map((seat) => seat.text('id')),
      assessments: new Map(),
      votes: new Map(),
    };
    return;
  }
  const { board } = picture;
  if (!board) return;
  const director = data.text('director');
  switch (type) {
    case 'board.advanced':
      board.phase = data.text('phase');
      return;
    case 'board.assessed':
      board.assessments.set(director, data.text('verdict'));
      return;
    case 'board.voted':
      board.votes.set(director, data.text('verdict'));
      return;
    case 'board.abstained':
      (data.text('phase') === 'assess' ? board.assessments : board.votes).set(director, 'ABSTAIN');
      return;
    case 'board.resolved':
      board.verdict = data.text('verdict');
      return;
    default:
  }
}
