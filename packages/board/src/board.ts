import type { Decider } from '@conductor/core';
import { initialBoard } from './board-state.js';
import type { BoardState } from './board-state.js';
import type { BoardCommand } from './commands.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { nextTurn } from './next-turn.js';
import type { NextTurn } from './next-turn.js';

/** The rules of a stream `board/<id>`: one meeting, from `board.opened` to `board.resolved` or `board.cancelled`. */
export const board: Decider<BoardState, BoardCommand, NextTurn> = Object.freeze({
  kind: 'board',
  foldVersion: 1,
  initial: initialBoard,
  decide,
  evolve,
  nextAction: nextTurn,
});
