/** Where the group of this process lies. Pure: what the kernel says comes in as text. */

/** Mount point of cgroup v2, of the text of `/proc/self/mountinfo` (proc(5)); undefined when it is not mounted. */
export function cgroup2MountOf(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [mount, fileSystem] = line.split(' - ');
    if (fileSystem?.startsWith('cgroup2 ')) return unescaped(mount?.split(' ')[4] ?? '');
  }
  return undefined;
}

/** Of the text of `/proc/self/cgroup` (cgroups(7)): the path of the group below the mount point. */
export const groupPathOf = (cgroup: string): string | undefined => /^0::(\/.*)$/m.exec(cgroup)?.[1];

/** A blank in a path of mountinfo is `\040`. */
const unescaped = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
