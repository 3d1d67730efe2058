/**
 * The memory that this process's control groups leave it, on Linux. A container has one, and Slurm
 * and systemd give one to each job, inside of others.
 *
 * @module
 */
import { join } from "node:path";

/** Where a version of control groups has its numbers. */
interface GroupVersion {
  /** The line of `/proc/self/cgroup` that has the path of this process's group. */
  readonly line: RegExp;
  /** The folder of the groups. */
  readonly folder: string;
  /** The file of the limit in bytes, and that of what is in use. */
  readonly limit: string;
  readonly used: string;
  /** The row of `memory.stat` with the cache of files that was used least recently. */
  readonly cache: string;
}

const VERSIONS: readonly GroupVersion[] = [
  {
    line: /^0::(.*)$/m,
    folder: ".",
    limit: "memory.max",
    used: "memory.current",
    cache: "inactive_file",
  },
  {
    line: /^\d+:memory:(.*)$/m,
    folder: "memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cache: "total_inactive_file",
  },
];

/**
 * The bytes that this process may still use: the least of what its control group and all those
 * around it leave. Infinite if there is no limit, or none that it may read. `root` is where the
 * groups are mounted, `membership` what `/proc/self/cgroup` says.
 */
export function groupMemory(
  root = "/sys/fs/cgroup",
  membership = readFile("/proc/self/cgroup"),
): number {
  const left = VERSIONS.flatMap((version) => {
    const path = version.line.exec(membership ?? "")?.[1];
    if (path === undefined) return [];
    const names = path.split("/");
    return names.map((_, i) =>
      memoryLeft(join(root, version.folder, ...names.slice(0, i + 1)), version)
    );
  });
  return Math.min(Infinity, ...left);
}

/** The bytes that a group leaves. Infinite if it has no limit, or is not there. */
function memoryLeft(group: string, { limit, used, cache }: GroupVersion): number {
  const [most, inUse] = [limit, used].map((name) => Number(readFile(join(group, name))));
  const stat = readFile(join(group, "memory.stat")) ?? "";
  // The system drops this cache before it kills a process.
  const [, cached = "0"] = new RegExp(`^${cache} (\\d+)$`, "m").exec(stat) ?? [];
  const left = most - (inUse - Number(cached));
  return Number.isNaN(left) ? Infinity : Math.max(0, left);
}

function readFile(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
