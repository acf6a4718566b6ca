import { expect, test } from '@jest/globals';
import { examineImages, imagesFinding } from '../../src/doctor/doctor-images.ts';

test('machines are kept from images by Landlock, for root also by their users', () => {
  expect(imagesFinding(7, false)).toMatchObject({ kept: true, note: expect.stringContaining('Landlock (version 7)') });
  expect(imagesFinding(0, true)).toMatchObject({ kept: true, note: expect.stringContaining('users of their own') });
});

test('where nothing keeps them the note says what can happen, and the next step', () => {
  expect(imagesFinding(0, false)).toMatchObject({
    kept: false,
    note: expect.stringContaining('can change them; boot'),
  });
});

test('an install without its programs in C says how to make them', async () => {
  expect(await examineImages('/nowhere/vmgrid-confine')).toMatchObject({
    ...{ landlock: undefined, kept: false },
    note: expect.stringContaining('npm run bundle'),
  });
});

test('this host is asked for real', async () => {
  const { landlock, note } = await examineImages();
  expect(landlock).toBeGreaterThanOrEqual(0);
  expect(note).toContain('machines run as');
});
