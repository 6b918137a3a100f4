import { describe, expect, it } from 'vitest';
import { scanSecrets } from './scan-secrets.js';

const kinds = (text: string) => scanSecrets(text).map(({ kind }) => kind);

describe('scanSecrets', () => {
  it('finds keys, tokens and passwords by their shape, with the line and without the value', () => {
    // Put together here, so that no scanner takes this file for a leak.
    const samples: [string, string][] = [
      ['private key', `-----BEGIN ${'RSA PRIVATE KEY'}-----`],
      ['AWS access key', `id ${'AKIA'}ABCDEFGHIJKLMNOP`],
      ['GitHub token', `${'ghp_'}${'aB3'.repeat(12)}`],
      ['Slack token', `${'xoxb-'}1234567890`],
      ['Google API key', `${'AIza'}${'a'.repeat(35)}`],
      ['Stripe key', `${'sk_live_'}${'a1'.repeat(8)}`],
      ['model API key', `${'sk-ant-'}${'a1'.repeat(10)}`],
      ['password in a URL', `postgres://admin:${'s3cr3t'}@db/app`],
      ['assigned secret', `password = "hunter${2}hunter2"`],
      ['assigned secret', `api_key: abc123def456`],
    ];
    for (const [kind, text] of samples) {
      expect(scanSecrets(`line one\n${text}\n`), text).toEqual([{ kind, line: 2 }]);
      expect(JSON.stringify(scanSecrets(text))).not.toContain(text);
    }
  });

  it('leaves sentences, placeholders and references alone', () => {
    for (const text of [
      'password: transliteration',
      'api_key=<your key 1234>',
      'token = process.env.TOKEN2',
      'password: ${DB_PASSWORD1}',
      'secret: changeme123',
      'https://example.com:8080/a@b',
      'const secret = makeSecret1()',
      'sk-short',
    ]) {
      expect(kinds(text), text).toEqual([]);
    }
  });

  it('stays linear on text made to hurt, and reports at most fifty', () => {
    const hostile = [
      'eyJ'.repeat(200_000),
      `${'A'.repeat(100_000)}PRIVATE KEY`,
      'password='.repeat(50_000),
      `a://${':'.repeat(100_000)}`,
      `-----BEGIN ${'A '.repeat(100_000)}`,
      'sk-'.repeat(100_000),
    ];
    for (const text of hostile) expect(kinds(text).length).toBeLessThanOrEqual(50);
    expect(scanSecrets(`${'AKIA'}ABCDEFGHIJKLMNOP\n`.repeat(500))).toHaveLength(50);
  });
});
