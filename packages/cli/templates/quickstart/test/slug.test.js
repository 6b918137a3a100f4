import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '../src/slug.js';

test('joins words with dashes', () => {
  assert.equal(slug('Hello World'), 'hello-world');
});

test('drops what stands between words', () => {
  assert.equal(slug('Salt & Pepper!'), 'salt-pepper');
});
