import { describe, expect, it } from 'vitest';
import { createFileGate } from './file-gate.js';

const task = (id: string, files: readonly string[], shareable = false) => ({ id, dependsOn: [], files, shareable });
const open = () => createFileGate((id) => id.charCodeAt(0));

describe('the file gate', () => {
  it('wakes one waiter when a file is free, the first by rank', () => {
    const gate = open();
    const [a, b, c] = [task('a', ['x']), task('b', ['x']), task('c', ['x'])];
    expect([a, c, b].map((node) => gate.enter(node).entered)).toEqual([true, false, false]);
    expect(gate.leave(a)).toEqual(['b']);
    expect(gate.enter(b)).toEqual({ entered: true, woken: undefined });
    expect(gate.leave(b)).toEqual(['c']);
  });

  it('wakes the next waiter of a file when the woken one has to wait for another', () => {
    const gate = open();
    const [a, b, c, d] = [task('a', ['x']), task('b', ['x', 'y']), task('c', ['x']), task('d', ['y'])];
    expect([a, b, c, d].map((node) => gate.enter(node).entered)).toEqual([true, false, false, true]);
    expect(gate.leave(a)).toEqual(['b']);
    expect(gate.enter(b)).toEqual({ entered: false, woken: 'c' });
    expect(gate.enter(c).entered).toBe(true);
  });

  it('wakes those who may share what the woken one has taken, one by one', () => {
    const gate = open();
    const [a, b, c] = [task('a', ['x']), task('b', ['x'], true), task('c', ['x'], true)];
    expect([a, b, c].map((node) => gate.enter(node).entered)).toEqual([true, false, false]);
    expect(gate.leave(a)).toEqual(['b']);
    expect(gate.enter(b)).toEqual({ entered: true, woken: 'c' });
    expect(gate.enter(c)).toEqual({ entered: true, woken: undefined });
  });
});
