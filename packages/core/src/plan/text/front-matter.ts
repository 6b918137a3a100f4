/** End of YAML front matter, 0 without any. A first line `---` that no key follows is a rule, not front matter. */
export function frontMatterEnd(text: string): number {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const opening = /^---[ \t]*(?:\r\n|\n|\r)(?=[A-Za-z_][\w-]*[ \t]*:)/.exec(text.slice(start, start + 256));
  if (opening === null) return 0;
  const closing = /(?:\r\n|\n|\r)(?:---|\.\.\.)[ \t]*(?=\r|\n|$)/g;
  closing.lastIndex = start + opening[0].length;
  const found = closing.exec(text);
  return found === null ? 0 : found.index + found[0].length;
}
