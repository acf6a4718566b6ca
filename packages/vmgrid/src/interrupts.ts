/** Does work during which Ctrl-C does not end the program: the first press does the first of these, and so on. */
export async function interruptsDuring<T>(presses: readonly (() => unknown)[], work: () => Promise<T>): Promise<T> {
  const left = [...presses];
  const press = () => void left.shift()?.();
  process.on('SIGINT', press);
  try {
    return await work();
  } finally {
    process.off('SIGINT', press);
  }
}
