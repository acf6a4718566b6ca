/** `vmgrid doctor`: lists what this machine has, what that makes possible, and how to get what is missing. */
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Home, within } from '@vmgrid/daemon';
import { late, type ShopClient } from '@vmgrid/protocol';
import { execa } from 'execa';
import { programCommand } from '../local-grid/daemons.ts';
import { plantState } from '../local-grid/grid.ts';
import { type DaemonsFinding, examineDaemons } from './doctor-daemons.ts';
import { examineFolders, type FoldersFinding } from './doctor-folders.ts';
import { examineImages, type ImagesFinding } from './doctor-images.ts';
import { examineLimits, type LimitsFinding } from './doctor-limits.ts';

interface Tool {
  readonly program: string;
  /** Left out when the program does not report its version. */
  readonly versionArgument?: string;
  readonly debian: string;
  readonly enables: string;
  /** Whether only some lines need it. */
  readonly optional?: boolean;
}

export interface ToolFinding extends Tool {
  /**
   * First line of the program's version output, if it has one; undefined when the program is missing, or not available
   * to this user.
   */
  readonly version: string | undefined;
}

/** The result of trying a production line. */
export interface LineFinding {
  readonly line: string;
  readonly available: boolean;
  readonly restores: boolean;
  readonly reason: string;
  readonly compatibility: Readonly<Record<string, string>>;
}

export interface Findings {
  readonly healthy: boolean;
  readonly tools: readonly ToolFinding[];
  readonly lines: readonly LineFinding[];
  readonly limits: LimitsFinding;
  readonly images: ImagesFinding;
  readonly folders: FoldersFinding;
  /** Memory of the daemons that run here. */
  readonly memory: DaemonsFinding;
}

const VERSION_DEADLINE_MS = 5_000;
/** Folders of system programs, which are not on every user's path. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];
const IS_THERE = 'is there';
/** Milliseconds for all lines, one after another: more than a plant gives to each of them. */
const PROBE_DEADLINE_MS = 150_000;

/** Looks at every tool, and tries every production line for real. */
export async function examineHost(home: Home, client: Pick<ShopClient, 'memory'>): Promise<Findings> {
  const listed: readonly Tool[] = JSON.parse(await readFile(join(import.meta.dirname, 'tools.json'), 'utf8'));
  const tools = await Promise.all(listed.map(async (tool) => ({ ...tool, version: await versionOf(tool) })));
  const lines = await probeLines(home);
  const folders = examineFolders(home);
  const healthy = lines.some((line) => line.available) && folders.closed === undefined;
  const [limits, images] = await Promise.all([examineLimits(), examineImages()]);
  return { healthy, tools, lines, limits, images, folders, memory: await examineDaemons(client) };
}

/** A program that exists is not missing, whatever it does when it is asked for its version. */
export async function versionOf({ program, versionArgument }: Pick<Tool, 'program' | 'versionArgument'>) {
  const file = await findProgram(program);
  if (file === undefined) return undefined;
  if (versionArgument === undefined) return IS_THERE;
  const options = { reject: false, timeout: VERSION_DEADLINE_MS, all: true, stdin: 'ignore' } as const;
  const { exitCode, all } = await execa(file, [versionArgument], options);
  return (exitCode === 0 && all.split('\n', 1)[0]) || IS_THERE;
}

async function findProgram(program: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS]) {
    const file = join(folder, program);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** Tries every production line of this host for real. @throws GridError DEADLINE_EXCEEDED after `ms` */
export async function probeLines(home: Home, ms = PROBE_DEADLINE_MS): Promise<readonly LineFinding[]> {
  const [file, ...args] = programCommand('vmplant');
  // Uses the folders of a plant of `vmgrid up`, because libvirt's availability also depends on where the state lies.
  const folders = ['--state', plantState(home.grid, 'plant-1'), '--warehouse', home.warehouse];
  const limit = { ms, late: late('DEADLINE_EXCEEDED', 'the production lines were not all tried') };
  const { stdout } = await within(limit, (until) =>
    execa(file!, [...args, 'probe', ...folders], { cancelSignal: until }).catch((error: unknown) => {
      throw until.aborted ? until.reason : error;
    }),
  );
  return JSON.parse(stdout);
}
