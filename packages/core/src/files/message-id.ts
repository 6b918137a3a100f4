import { sha256Hex } from '../kernel/hash.js';
import type { QueueMessage } from './queue.js';

/** The payload keys that tell messages of one event and one type apart; for the other types it is the task. */
const identity: ReadonlyMap<string, readonly string[]> = new Map([
  ['FILE_LOCK', ['filepath']],
  ['FILE_UNLOCK', ['filepath']],
  ['BLOCKED', ['task_id', 'resource']],
  ['BOARD_ASSESS', ['director']],
  ['BOARD_DISCUSS', ['from', 'to', 'type', 'message']],
  ['BOARD_VOTE', ['director']],
  ['BOARD_RESOLVE', []],
  ['DEADLOCK_RESOLVED', ['victim']],
]);

/**
 * The id of a message that tells of an event: `msg-` and a UUID (version 8, RFC 9562) from the SHA-256 of project, event
 * and what tells this message from the event's others. Not its place in a list: that may change with what the teller
 * knows, and then a line told again would be another line.
 */
export function messageId(projectId: string, ref: string, message: Pick<QueueMessage, 'type' | 'payload'>): string {
  const { type, payload } = message;
  const keys = identity.get(type) ?? ['task_id'];
  const n = [type, ...keys.map((key) => (Object.hasOwn(payload, key) ? payload[key] : null))];
  return `msg-${uuidFromHash(sha256Hex(JSON.stringify([projectId, ref, n])))}`;
}

/** True for a line that this project's engine wrote: its id fits its `ref`. Any other line is foreign (1.6). */
export function isOwnMessage(projectId: string, message: QueueMessage): boolean {
  return message.ref !== undefined && message.id === messageId(projectId, message.ref, message);
}

/** A UUID of version 8 (RFC 9562) from the first 16 bytes of a hash in hex. */
export function uuidFromHash(hex: string): string {
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
