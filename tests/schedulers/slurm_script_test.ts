import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type SlurmJob, slurmScript } from "../../lib/schedulers/slurm_script.ts";
import { isInstalled } from "../support/installed.ts";
import { needs } from "../support/needs.ts";

const JOB: SlurmJob = {
  command: ["deno", "task", "exp", "a b#kd", "it's", "--pending"],
  ...{ tasks: 8, cpus: 2, memory: 6, gpus: 0, time: "1-12:00:00", partition: undefined },
};

Deno.test("slurm: the array has so many tasks, and each what it asks for", () => {
  const options = Array.from(
    slurmScript({ ...JOB, gpus: 1, partition: "long" }).matchAll(/^#SBATCH --(.*)$/gm),
    ([, option]) => option,
  );
  assertEquals(options, [
    "job-name=retort",
    "array=0-7",
    "ntasks=1",
    "cpus-per-task=2",
    "mem=6G",
    "gpus-per-task=1",
    "time=1-12:00:00",
    "partition=long",
    "signal=B:USR1@120",
    "requeue",
    "open-mode=append",
    "output=%x-%A_%a.log",
  ]);
  assertEquals(/gpus|partition/.test(slurmScript(JOB)), false);
  assertMatch(slurmScript(JOB), /^#!.*bash\n#SBATCH/);
  assertStringIncludes(slurmScript(JOB), `deno task exp 'a b#kd' 'it'\\''s' --pending &`);
});

/** Gives a script to a command that checks it, and returns what that prints. */
async function check(command: string, ...args: string[]): Promise<string> {
  const child = new Deno.Command(command, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(slurmScript(JOB)));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return `${code}${decoder.decode(stdout)}${decoder.decode(stderr)}`;
}

await needs(["run"], "slurm: bash can read the script", async () => {
  assertEquals(await check("bash", "-n"), "0");
});

/** Whether the linter of shell scripts is installed. */
const hasShellcheck = await isInstalled("shellcheck");

Deno.test({
  name: `slurm: shellcheck finds nothing${hasShellcheck ? "" : " (needs shellcheck)"}`,
  ignore: !hasShellcheck,
  fn: async () => assertEquals(await check("shellcheck", "-"), "0"),
});
