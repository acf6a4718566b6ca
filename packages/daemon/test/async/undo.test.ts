import { expect, test } from '@jest/globals';
import { UndoStack } from '../../src/async/undo.ts';

test('what was acquired last is taken back first', async () => {
  const undone: string[] = [];
  const undo = new UndoStack();
  undo.push('disk', () => void undone.push('disk'));
  undo.push('process', async () => void undone.push('process'));
  expect(await undo.unwind()).toEqual([]);
  expect(undone).toEqual(['process', 'disk']);
});

test('a step that fails is reported and the others still run', async () => {
  const undone: string[] = [];
  const undo = new UndoStack();
  const cause = new Error('busy');
  undo.push('disk', () => void undone.push('disk'));
  undo.push('socket', () => {
    throw cause;
  });
  expect(await undo.unwind()).toEqual([{ step: 'socket', cause }]);
  expect(undone).toEqual(['disk']);
});

test('after a commit nothing is taken back, and unwinding twice undoes once', async () => {
  const undo = new UndoStack();
  let count = 0;
  undo.push('a', () => void count++);
  undo.commit();
  await undo.unwind();
  undo.push('b', () => void count++);
  await undo.unwind();
  await undo.unwind();
  expect(count).toBe(1);
});
