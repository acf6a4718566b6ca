/** Finds the control group of this process. Pure: the caller passes the kernel's text in. */

/**
 * Returns the mount point of cgroup v2 from the text of `/proc/self/mountinfo` (proc(5)); undefined when it is not
 * mounted.
 */
export function cgroup2MountOf(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [mount, fileSystem] = line.split(' - ');
    if (fileSystem?.startsWith('cgroup2 ')) return unescaped(mount?.split(' ')[4] ?? '');
  }
  return undefined;
}

/** Returns the path of the group below the mount point from the text of `/proc/self/cgroup` (cgroups(7)). */
export const groupPathOf = (cgroup: string): string | undefined => /^0::(\/.*)$/m.exec(cgroup)?.[1];

/** In mountinfo `\040` stands for a blank in a path. */
const unescaped = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
