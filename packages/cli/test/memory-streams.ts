import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';

export interface MemoryStream extends Writable {
  readonly text: string;
  isTTY: boolean;
  columns: number;
  rows: number;
}

/** A stdout that keeps what it is told; a terminal when it is told so. */
export function memoryStream(terminal?: {
  readonly columns: number;
  readonly rows: number;
}): MemoryStream & NodeJS.WriteStream {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const { columns = 0, rows = 0 } = terminal ?? {};
  Object.defineProperty(stream, 'text', { get: () => text });
  return Object.assign(stream, { isTTY: terminal !== undefined, columns, rows }) as MemoryStream & NodeJS.WriteStream; // all that the command asks of one
}

/** Where signals come from in tests; remembers how the process was ended. */
export class FakeHost extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}
