const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Two digits for each twelve bits: half the steps, and several times faster than `btoa`, which wants a text. */
const pairs = Array.from({ length: 4_096 }, (_, bits) => `${digits[bits >>> 6]}${digits[bits & 63]}`);

/** RFC 4648, with padding, without what one runtime has and another lacks. */
export function toBase64(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3);
  let text = '';
  for (let at = 0; at < whole; at += 3) text += digitsOf(bytes, at);
  if (whole === bytes.length) return text;
  const rest = new Uint8Array(3);
  rest.set(bytes.subarray(whole));
  const missing = 3 - (bytes.length - whole);
  return text + digitsOf(rest, 0).slice(0, 4 - missing) + '='.repeat(missing);
}

function digitsOf(bytes: Uint8Array, at: number): string {
  // Three bytes below the length: the casts are of what is there.
  const bits = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  return `${pairs[bits >>> 12]}${pairs[bits & 4_095]}`;
}

/** `undefined` for anything but the text that `toBase64` makes of some bytes. */
export function fromBase64(text: string): Uint8Array | undefined {
  let decoded: string;
  try {
    decoded = atob(text);
  } catch {
    return undefined; // no base64: told by the answer
  }
  const bytes = new Uint8Array(decoded.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = decoded.charCodeAt(index);
  // atob takes spaces, missing padding and loose last bits; a checked format has one text for each content.
  return toBase64(bytes) === text ? bytes : undefined;
}
