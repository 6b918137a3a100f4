import type { BoardSession } from '../../track/board-model.js';
import type { Call, Cursor, Page } from './calls.js';

export interface BoardsApi {
  list(query?: Cursor & { trackId?: string | undefined }, o?: Call): Promise<Page<BoardSession>>;
  get(id: string, o?: Call): Promise<BoardSession>;
  /** Markdown. */
  minutes(id: string, o?: Call): Promise<string>;
}
