import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { groupMemory } from "../../lib/run/control_group.ts";
import { needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

/** What this process may still use if its control groups have these files. */
async function memoryOf(
  membership: string,
  files: Readonly<Record<string, string>>,
): Promise<number> {
  let left = NaN;
  await inTemporary(async (root) => {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(join(root, name, ".."), { recursive: true });
      await Deno.writeTextFile(join(root, name), text);
    }
    left = groupMemory(root, membership);
  });
  return left;
}

await needs(
  ["read", "write"],
  "groupMemory: the least of a group and those around it",
  async () => {
    const membership = "0::/slurm/job_7/step_0\n";
    const files = {
      "slurm/memory.max": "5000\n",
      "slurm/memory.current": "1000\n",
      "slurm/job_7/memory.max": "3000\n",
      "slurm/job_7/memory.current": "500\n",
      "slurm/job_7/step_0/memory.max": "max\n",
      "slurm/job_7/step_0/memory.current": "400\n",
    };
    assertEquals(await memoryOf(membership, files), 2500);
    assertEquals(await memoryOf(membership, { ...files, "slurm/memory.current": "2900\n" }), 2100);
    assertEquals(await memoryOf(membership, { ...files, "slurm/memory.current": "5100\n" }), 0);
    assertEquals(await memoryOf("0::/slurm\n", files), 4000);
  },
);

await needs(["read", "write"], "groupMemory: a container sees its group as the root", async () => {
  const files = { "memory.max": "3000\n", "memory.current": "500\n" };
  assertEquals(await memoryOf("0::/\n", files), 2500);
  assertEquals(await memoryOf("0::/kubepods/pod1\n", files), 2500);
});

await needs(["read", "write"], "groupMemory: the cache of files is free", async () => {
  const stat = "anon 1500\nfile 900\ninactive_anon 1000\ninactive_file 800\nactive_file 100\n";
  const files = { "memory.max": "3000\n", "memory.current": "2500\n", "memory.stat": stat };
  assertEquals(await memoryOf("0::/\n", files), 1300);
});

await needs(["read", "write"], "groupMemory: the first version of control groups", async () => {
  const membership = "9:name=systemd:/\n4:memory:/slurm/job_7\n3:cpuset:/other\n0::/\n";
  const files = {
    "memory/memory.limit_in_bytes": "9223372036854771712\n",
    "memory/memory.usage_in_bytes": "9000\n",
    "memory/slurm/job_7/memory.limit_in_bytes": "3000\n",
    "memory/slurm/job_7/memory.usage_in_bytes": "2500\n",
    "memory/slurm/job_7/memory.stat": "inactive_file 1\ntotal_inactive_file 800\n",
  };
  assertEquals(await memoryOf(membership, files), 1300);
});

await needs(["read", "write"], "groupMemory: no limit, no groups", async () => {
  assertEquals(await memoryOf("0::/a\n", { "a/memory.max": "max\n" }), Infinity);
  assertEquals(await memoryOf("0::/a\n", {}), Infinity);
  assertEquals(await memoryOf("", { "memory.max": "1\n", "memory.current": "0\n" }), Infinity);
});
