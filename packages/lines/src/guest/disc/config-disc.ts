import { type FileHandle, open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ignoreMissing } from '@vmgrid/daemon';
import { type FileAction, type PackageAction, restartsMachine, type ScriptAction } from '@vmgrid/dag';
import { GridError } from '@vmgrid/protocol';
import { type CloneIdentity, type GuestIdentity, makeCloneIdentity } from '../clone-identity.ts';
import { type FileOnDisk, type IsoFile, isoPieces } from './iso-image.ts';
import { NO_CLOUD_VOLUME, noCloudFiles } from './no-cloud.ts';

/** The runner, and the files that it reads. */
const PROGRAMS = ['runner.sh', 'identity.sh', 'quiesce.sh', 'keep-tail.pl'] as const;
/** Reports what actions leave running, which a boot would lose. */
const OBSERVER = 'observe.sh';
const DEFAULT_FILE_MODE = '0644';
const DEFAULT_FILE_OWNER = 'root:root';

export type GuestAction = ScriptAction | FileAction | PackageAction;

/** One action to run in the guest, with the number that `run` and the report use for it. */
export interface GuestStep {
  readonly index: number;
  readonly action: GuestAction;
  /** For each attempt, and for the recover script. The guest counts whole seconds. */
  readonly timeoutMs: number;
}

export interface ConfigDiscPlan {
  readonly identity?: GuestIdentity;
  /** Whether cloud-init shall also be able to read the identity from the disc. */
  readonly cloudInit?: boolean;
  /** Whether the runner reports the results of each action that a boot would lose; see observe.sh. */
  readonly observe?: boolean;
  readonly steps: readonly GuestStep[];
  /** Where an uploaded content lies that a file action names. @throws GridError FILE_UNKNOWN */
  readonly uploaded?: (contentDigest: string) => Promise<FileOnDisk>;
}

const text = (content: string): Buffer => Buffer.from(content, 'utf8');

/** Quotes a text as a word of POSIX shell. */
export const quote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** Returns assignments that the runner reads with `.`. Values are quoted; the names are ours. */
const assignments = (values: Readonly<Record<string, string>>): Buffer =>
  text(
    Object.entries(values)
      .map(([name, value]) => `${name}=${quote(value)}\n`)
      .join(''),
  );

function identityFiles(identity: CloneIdentity, cloudInit: boolean): IsoFile[] {
  const { hostName, hostKey } = identity;
  const values = {
    host_name: hostName,
    mac_address: identity.macAddress,
    machine_id: identity.machineId,
    boot_id: identity.bootId,
    grow_disk: identity.growDisk ? 'yes' : 'no',
  };
  return [
    { name: 'hostkey', content: text(hostKey.privateKey) },
    { name: 'hostkey.pub', content: text(hostKey.publicKey) },
    { name: 'identity', content: assignments(values) },
    { name: 'entropy', content: identity.entropy },
    ...(cloudInit ? noCloudFiles(hostName, hostKey) : []),
  ];
}

/** Returns the settings of any kind of action. Every name that the runner reads is set. */
function settings({ action, timeoutMs }: GuestStep): Record<string, string> {
  const file = action.kind === 'file' ? action : undefined;
  return {
    kind: action.kind,
    timeout_s: String(Math.max(1, Math.ceil(timeoutMs / 1_000))),
    retries: String(action.retries ?? 0),
    on_error: action.onError ?? 'abort',
    secret: action.secret ? 'yes' : 'no',
    reboot: restartsMachine(action) ? 'yes' : 'no',
    recovers: action.recover === undefined ? 'no' : 'yes',
    environment: environmentOf(action) === undefined ? 'no' : 'yes',
    interpreter: interpreterOf(action.kind === 'script' ? action.script : ''),
    recover_interpreter: interpreterOf(action.recover ?? ''),
    packages: action.kind === 'package' ? action.packages.join(' ') : '',
    file_path: file?.path ?? '',
    file_mode: file?.mode ?? DEFAULT_FILE_MODE,
    file_owner: file?.owner ?? DEFAULT_FILE_OWNER,
  };
}

const interpreterOf = (script: string): 'own' | 'sh' => (script.startsWith('#!') ? 'own' : 'sh');

const environmentOf = (action: GuestAction): Readonly<Record<string, string>> | undefined =>
  action.kind === 'file' ? undefined : action.environment;

async function payload(action: GuestAction, { uploaded }: ConfigDiscPlan): Promise<IsoFile['content'] | undefined> {
  switch (action.kind) {
    case 'script':
      return text(action.script);
    case 'file': {
      const { content = '', encoding, contentDigest } = action;
      if (contentDigest === undefined) return Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
      if (uploaded) return uploaded(contentDigest);
      throw new GridError('FILE_UNKNOWN', `no uploaded files are here: ${contentDigest}`, { contentDigest });
    }
    case 'package':
      return undefined;
  }
}

/** Returns the files of one step. Their names contain only its number: no text of a client ever becomes a name. */
async function stepFiles(step: GuestStep, plan: ConfigDiscPlan): Promise<IsoFile[]> {
  const { action, index } = step;
  const files: IsoFile[] = [{ name: `a${index}`, content: assignments(settings(step)) }];
  const content = await payload(action, plan);
  if (content !== undefined) files.push({ name: `s${index}`, content });
  if (action.recover !== undefined) files.push({ name: `r${index}`, content: text(action.recover) });
  const environment = environmentOf(action);
  if (environment !== undefined) {
    const exported = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}\n`);
    files.push({ name: `e${index}`, content: text(exported.join('')) });
  }
  return files;
}

/**
 * Writes the disc that configures a guest to a new file which only its owner may read, because it can hold secrets. The
 * line gives the file to the machine's user when it is inserted. Remove the file when it has been ejected.
 */
export async function writeConfigDisc(path: string, plan: ConfigDiscPlan): Promise<void> {
  const { identity, cloudInit = false, observe = false, steps } = plan;
  const programs = [...PROGRAMS, ...(observe ? [OBSERVER] : [])].map(
    async (name): Promise<IsoFile> => ({ name, content: await readFile(join(import.meta.dirname, '..', name)) }),
  );
  const files = [
    ...(await Promise.all(programs)),
    ...(identity === undefined ? [] : identityFiles(makeCloneIdentity(identity), cloudInit)),
    ...(await Promise.all(steps.map((step) => stepFiles(step, plan)))).flat(),
  ];
  const file = await open(path, 'wx', 0o600);
  try {
    for (const piece of isoPieces(cloudInit ? NO_CLOUD_VOLUME : 'VMGRID', files)) await append(file, piece);
  } finally {
    await file.close();
  }
}

/** A file that is not as long as was said would shift all that comes after it. @throws GridError FILE_UNKNOWN */
async function append(disc: FileHandle, piece: IsoFile['content']): Promise<void> {
  if (piece instanceof Uint8Array) {
    await disc.writeFile(piece);
    return;
  }
  const { path, bytes } = piece;
  const file = await open(path).catch(ignoreMissing);
  if (!file) throw new GridError('FILE_UNKNOWN', `the file ${basename(path)} is not on this plant any more`, {});
  let read = 0;
  for await (const chunk of file.createReadStream()) {
    read += chunk.length;
    await disc.writeFile(chunk);
  }
  if (read !== bytes) throw new Error(`${path} has ${read} bytes, not ${bytes}`);
}
