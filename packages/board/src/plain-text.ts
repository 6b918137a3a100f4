/** Terminal sequences (CSI), then every other control except tab and newline, then marks that turn the reading direction. */
const terminalSequence = /(?![\n\t\r])\p{Cc}\[[0-9;?]{0,32}[A-Za-z]/gu;
const control = /(?![\n\t])\p{Cc}/gu;
const direction = /[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text of a director, a person or an agent as data: line ends as `\n`, without terminal sequences and control characters. Linear. */
export function plainText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(terminalSequence, '').replace(control, '').replace(direction, '').trim();
}

/** The same on one line, for a table cell or a list item. */
export function plainLine(text: string): string {
  return plainText(text).replace(/\s+/g, ' ');
}

/** Cuts at `max` UTF-16 units, never inside a pair, and says so with an ellipsis. */
export function capped(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.charCodeAt(max - 2) >>> 10 === 0x36 ? max - 2 : max - 1; // 0x36 = the high half of a pair
  return `${text.slice(0, end)}…`;
}
