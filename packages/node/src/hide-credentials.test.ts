import { describe, expect, it } from 'vitest';
import { hideCredentials } from './hide-credentials.js';

describe('a text with a URL in it', () => {
  it.each([
    ['postgres://ann:s3cret@db.example.org:5432/app', 'postgres://ann:***@db.example.org:5432/app'],
    ['postgres://ann:s3@cr:et@db/app', 'postgres://ann:***@db/app'],
    ['postgres://ann:s3/cr?e#t@db/app', 'postgres://ann:***@db/app'],
    ['http://db.example.org:8080/@scope/name', 'http://db.example.org:8080/@scope/name'],
    ['postgres://:s3cret@db/app', 'postgres://:***@db/app'],
    ['nats://t0ken@bus:4222', 'nats://***@bus:4222'],
    ['postgres://db/app?user=ann&password=s3cret&ssl=true', 'postgres://db/app?user=ann&password=***&ssl=true'],
    ['from postgres://a:b@c/d to postgres://e:f@g/h', 'from postgres://a:***@c/d to postgres://e:***@g/h'],
    ['postgres://db.example.org/app', 'postgres://db.example.org/app'],
    ['mail ann@example.org at 10:30', 'mail ann@example.org at 10:30'],
  ])('shows %s as %s', (text, shown) => {
    expect(hideCredentials(text)).toBe(shown);
  });

  it('never shows a password, whichever characters it is made of', () => {
    // As a URL takes them: what would end the password there has to be written as %2F and so on.
    for (const character of "!$&'()*+,;=._~%@:-[]") {
      const password = `s3cret${character}and${character}`;
      expect(hideCredentials(`postgres://ann:${password}@db/app`)).toBe('postgres://ann:***@db/app');
    }
  });
});
