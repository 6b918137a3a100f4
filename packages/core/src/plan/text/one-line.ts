/** One line of Markdown without comments: line breaks and control characters become spaces, `<!--` loses its meaning. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0020\u007f\u0085\u2028\u2029]+/g, ' ')
    .replaceAll('<!--', '<\\!--')
    .trim();
}
