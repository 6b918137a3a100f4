import { crc32 } from 'node:zlib';

/** One line of a log file: which one it is, and what it says. */
export interface LogLine {
  /** From 1, without a gap over all files. */
  readonly number: number;
  readonly body: unknown;
}

/** Eight hexadecimal digits and a space before the JSON. */
const checksumCharacters = 9;

/** A line with its CRC-32, which tells a whole line from a torn one. The body is JSON without undefined parts. */
export function encodeLine({ number, body }: LogLine): Uint8Array {
  const text = JSON.stringify([number, body]);
  return new TextEncoder().encode(`${checksum(text)} ${text}\n`);
}

/** `undefined` for anything that was not written by {@link encodeLine}, whole. `bytes` come without the line end. */
export function decodeLine(bytes: Uint8Array): LogLine | undefined {
  const text = new TextDecoder().decode(bytes);
  const json = text.slice(checksumCharacters);
  if (text[checksumCharacters - 1] !== ' ' || text.slice(0, checksumCharacters - 1) !== checksum(json))
    return undefined;
  const [number, body] = JSON.parse(json) as [number, unknown]; // the checksum says that it was made above
  return { number, body };
}

function checksum(text: string): string {
  return crc32(text)
    .toString(16)
    .padStart(checksumCharacters - 1, '0');
}
