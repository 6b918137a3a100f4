import { describe, expect, it } from 'vitest';
import { workspaceSuite } from '../conformance/workspace.suite.js';
import { memoryWorkspace } from './workspace.js';

workspaceSuite('memory', async ({ clock }) => ({ workspace: memoryWorkspace({ clock }), async close() {} }));

describe('memoryWorkspace', () => {
  it('can start with files', async () => {
    const files = memoryWorkspace({ files: { 'a/b.md': 'text' } });
    expect(new TextDecoder().decode(await files.read('a/b.md'))).toBe('text');
  });

  it('can take upper and lower case for one, as some disks do', async () => {
    const files = memoryWorkspace({ foldCase: true, files: { 'Read.md': '1' } });
    expect(files.key('READ.md')).toBe('read.md');
    await files.append('read.md', '2');
    const listed = [];
    for await (const { path } of files.list('**')) listed.push(path);
    expect(listed).toEqual(['Read.md']);
  });
});
