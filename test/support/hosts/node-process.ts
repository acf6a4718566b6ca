/** Node processes of a test: a script run by the same Node, which speaks in lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface NodeProcess {
  readonly child: ChildProcess;
  /** The next line it prints; throws when it ends instead. */
  line(): Promise<string>;
  /** Resolves with all lines not taken by `line` when the process ends. Throws when it failed. */
  end(): Promise<readonly string[]>;
  /** Ends it with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

export function startNode(script: string, ...args: readonly string[]): NodeProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    async line() {
      const { done, value } = await lines.next();
      if (done) throw new Error(`${script} ended early`);
      return value;
    },
    async end() {
      child.stdin.end();
      const rest: string[] = [];
      for (let next = await lines.next(); !next.done; next = await lines.next()) rest.push(next.value);
      const [code] = await exited;
      if (code !== 0) throw new Error(`${script} ended with exit status ${code}`);
      return rest;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
