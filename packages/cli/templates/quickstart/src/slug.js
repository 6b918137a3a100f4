/** Turns a title into a URL slug. */
export function slug(text, options = {}) {
  let result = text.toLowerCase();
  result = result.replace(/[^a-z0-9]+/g, '-');
  return result.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
}
