/** Where a text looks as if it held a secret. The secret itself is never repeated. */
export interface SecretFinding {
  readonly kind: string;
  /** 1-based. */
  readonly line: number;
}

/** Every quantifier is bounded and no two neighbours can match the same text, so a scan is linear in the length. */
const shapes: readonly { readonly kind: string; readonly pattern: RegExp }[] = [
  { kind: 'private key', pattern: /-----BEGIN (?:[A-Z]{1,16} ){0,3}PRIVATE KEY-----/g },
  { kind: 'AWS access key', pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { kind: 'GitHub token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})/g },
  { kind: 'GitLab token', pattern: /\bglpat-[A-Za-z0-9_-]{20}/g },
  { kind: 'Slack token', pattern: /\bxox[abeprs]-[A-Za-z0-9-]{10}/g },
  { kind: 'Google API key', pattern: /\bAIza[0-9A-Za-z_-]{35}/g },
  { kind: 'Stripe key', pattern: /\b[rs]k_live_[0-9A-Za-z]{16}/g },
  { kind: 'npm token', pattern: /\bnpm_[A-Za-z0-9]{36}/g },
  { kind: 'model API key', pattern: /\bsk-(?:ant-|proj-)?[A-Za-z0-9_]{20}/g },
  { kind: 'JSON web token', pattern: /\beyJ[A-Za-z0-9_-]{10,1024}\.eyJ[A-Za-z0-9_-]{10,1024}\./g },
  { kind: 'password in a URL', pattern: /\b[a-z][a-z0-9+]{1,15}:\/\/[^\s:/@]{1,64}:[^\s:/@${}<>*]{4,128}@/g },
];

const assignment =
  /\b(?:password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret)["']?\s{0,4}[:=]\s{0,4}["'`]?([^\s"'`]{8,200})/gi;
const placeholder = /^(?:[<[{$*]|process\.|env[.[(]|os\.|your|example|change|placeholder|dummy|redacted|x{4})/i;

/** Findings kept of one text. */
const maxFindings = 50;

/** Looks for keys, tokens and passwords by their shape. Linear, for text of any origin; at most 50 findings, by line. */
export function scanSecrets(text: string): readonly SecretFinding[] {
  const at: { readonly kind: string; readonly index: number }[] = [];
  for (const { kind, pattern } of shapes) {
    for (const match of text.matchAll(pattern)) if (at.push({ kind, index: match.index }) >= maxFindings) break;
  }
  for (const match of text.matchAll(assignment)) {
    if (at.length >= 2 * maxFindings) break;
    if (looksRandom(match[1] ?? '')) at.push({ kind: 'assigned secret', index: match.index });
  }
  at.sort((left, right) => left.index - right.index);
  return withLines(text, at);
}

/** `token: transliterate` is a sentence; a value with letters and digits that names no variable is not. */
function looksRandom(value: string): boolean {
  return !placeholder.test(value) && /[0-9]/.test(value) && /[A-Za-z]/.test(value) && !value.includes('(');
}

function withLines(
  text: string,
  at: readonly { readonly kind: string; readonly index: number }[],
): readonly SecretFinding[] {
  const findings = new Map<string, SecretFinding>();
  let line = 1;
  let from = 0;
  for (const { kind, index } of at) {
    for (let next = text.indexOf('\n', from); next !== -1 && next < index; next = text.indexOf('\n', from)) {
      line += 1;
      from = next + 1;
    }
    findings.set(`${line}/${kind}`, { kind, line });
    if (findings.size >= maxFindings) break;
  }
  return [...findings.values()];
}
