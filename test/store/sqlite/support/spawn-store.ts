// Starts a store in a process of its own, and talks with it line by line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface StoreProcess {
  pid: number;
  tell(line: string): void;
  /** The next line it says; undefined when it has ended. */
  nextLine(): Promise<string | undefined>;
  /** Ends it as a crash does, and answers the lines that had not been read. */
  kill(): Promise<string[]>;
  /** Lets it close its store and end. */
  end(): Promise<void>;
}

const program = fileURLToPath(new URL('store-process.ts', import.meta.url));

export function spawnStore(file: string): StoreProcess {
  const child = spawn(process.execPath, [program, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string | undefined> => {
    const { done, value } = await lines.next();
    return done === true ? undefined : value;
  };
  if (child.pid === undefined) throw new Error('the store process did not start');
  return {
    pid: child.pid,
    tell: (line) => child.stdin.write(`${line}\n`),
    nextLine,
    kill: async () => {
      child.kill('SIGKILL');
      const rest: string[] = [];
      for (let line = await nextLine(); line !== undefined; line = await nextLine()) rest.push(line);
      await ended;
      return rest;
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
