/** For calls that want a signal, in tests that are not about time: jest ends a test that hangs. */
export const NO_DEADLINE = new AbortController().signal;
