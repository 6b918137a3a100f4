const step = 32_766; // a multiple of three, and few enough arguments for a call

/** RFC 4648, with padding, without what one runtime has and another lacks. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += step)
    text += btoa(String.fromCharCode(...bytes.subarray(at, Math.min(bytes.length, at + step))));
  return text;
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
