import { describe, expect, it } from 'vitest';
import { conflictingTracks, matchingTracks } from './match-tracks.js';
import type { OpenTrack } from './match-tracks.js';
import { readGoal } from './read-goal.js';

const goal = (text: string) => readGoal(text, { maxBytes: 65_536 });
const open = (id: string, name: string, more: Partial<OpenTrack> = {}): OpenTrack => ({
  id,
  name,
  description: '',
  inProgress: false,
  tasks: [],
  ...more,
});
const idsOf = (tracks: readonly OpenTrack[]) => tracks.map(({ id }) => id);

describe('matching', () => {
  const exporting = open('a', 'CSV export', { description: 'Reports are downloaded as CSV' });

  it('needs two keywords in common with name and description together', () => {
    expect(idsOf(matchingTracks(goal('Add an export of reports'), [exporting], 2))).toEqual(['a']);
    expect(idsOf(matchingTracks(goal('Add an export of invoices'), [exporting], 2))).toEqual([]);
    expect(idsOf(matchingTracks(goal('Add an export of invoices'), [exporting], 1))).toEqual(['a']);
  });

  it('counts no stop words and no half words', () => {
    const track = open('a', 'Please add the new feature for users', { description: 'reporting exports csvs2' });
    expect(matchingTracks(goal('Please add the new feature of reports'), [track], 2)).toEqual([]);
  });

  it('is done by the very same goal, however few its keywords are', () => {
    const track = open('a', 'Login', { description: 'Add a login' });
    expect(idsOf(matchingTracks(goal('Add a login'), [track], 2))).toEqual(['a']);
    expect(matchingTracks(goal('A new login'), [track], 2)).toEqual([]);
  });

  it('takes no two bugfixes for one because both fix a bug', () => {
    const track = open('a', 'Fix the crash bug in the parser');
    expect(matchingTracks(goal('Fix the crash bug of the printer'), [track], 2)).toEqual([]);
    expect(idsOf(matchingTracks(goal('Fix the parser'), [track], 2))).toEqual(['a']);
  });

  it('looks at planned tracks only when none in progress fits', () => {
    const running = open('b', 'CSV export of reports', { inProgress: true });
    const other = open('c', 'Printer', { inProgress: true });
    expect(idsOf(matchingTracks(goal('CSV export'), [exporting, running, other], 2))).toEqual(['b']);
    expect(idsOf(matchingTracks(goal('CSV export'), [exporting, other], 2))).toEqual(['a']);
    const both = [running, { ...running, id: 'd' }];
    expect(idsOf(matchingTracks(goal('CSV export'), both, 2))).toEqual(['b', 'd']);
  });
});

describe('conflicts of scope', () => {
  const track = open('a', 'Checkout', {
    tasks: [{ title: 'Handle payment webhooks', files: ['src/checkout/webhook.ts', 'README.md'] }],
  });

  it.each([
    ['a file that the plan changes', 'Log retries in src/checkout/webhook.ts'],
    ['a folder above it', 'Tidy src/checkout/'],
    ['the name of the file alone', 'Log retries in webhook.ts'],
    ['what a task is about', 'Retry webhooks of a payment'],
  ])('is %s', (_name, text) => {
    expect(idsOf(conflictingTracks(goal(text), [track], 2))).toEqual(['a']);
  });

  it('is nothing else', () => {
    expect(conflictingTracks(goal('Log retries in src/checkout/hook.ts and book.ts'), [track], 2)).toEqual([]);
    expect(conflictingTracks(goal('Handle webhooks of the printer'), [track], 2)).toEqual([]);
  });
});
