/** The README's permissions: each command runs with exactly these, and not with one less. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { everything, needs } from "../support/needs.ts";
import { ended, PAIR, type Toys, toys } from "../support/toy_runs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A pair, a sweep and a table. */
const DECLARED = `${PAIR}
export default retort.sweep({
  space: { lr: [0.1, 0.2] },
  method: "grid",
  make: ({ lr }) => experiment(import.meta, {
    dataset: synthetic({ ...images, holdout: 20 }),
    schedule: sgd({ epochs: 1, batch: 16, lr }),
    student: small,
    distiller: scratch(),
  }),
});
`;

/** The arguments with which each command of the README is tried. */
const ARGS: Readonly<Record<string, readonly string[]>> = {
  exp: ["exp", "toy.ts#teacher", "--fresh"],
  sweep: ["sweep", "toy.ts", "--fresh"],
  compare: ["compare", "toy.ts#teacher", "toy.ts#student"],
  plan: ["plan", "toy.ts#student"],
  eval: ["eval", "toy.ts#teacher"],
  doctor: ["doctor"],
  tables: ["tables", "tables"],
  list: ["list", "--paper", "tables"],
  "list --pending": ["list", "toy.ts#student", "--pending"],
  cluster: ["cluster", "slurm", "toy.ts#student"],
  export: ["export", "toy.ts#teacher", "--format", "tfjs"],
  "export --format safetensors": ["export", "toy.ts#teacher", "--format", "safetensors"],
  describe: ["describe", "toy.ts#teacher"],
  data: ["data", "toy.ts#teacher"],
  "data --sheet": ["data", "toy.ts#teacher", "--sheet", "sheet.png"],
  weights: ["weights", "runs/toy#teacher/seed-1/last.safetensors"],
};

/** The permissions of each command in the README's table. */
function table(readme: string): [command: string, permissions: string[]][] {
  const [, section] = readme.split("## Permissions");
  return section.split("## ", 1)[0].split("\n").filter((line) => line.startsWith("| `"))
    .flatMap((line) => {
      const [, names, permissions] = line.split("|");
      return Array.from(names.matchAll(/`([^`]+)`/g), ([, name]): [string, string[]] => [
        name,
        permissions.trim().split(", "),
      ]);
    });
}

/** Runs a command. Gives `undefined` if it succeeds, else what it said. */
async function fault(
  { folder }: Toys,
  [command, ...args]: readonly string[],
  permissions: readonly string[],
): Promise<string | undefined> {
  // Each run writes what it would write for the first time.
  await Deno.writeTextFile(`${folder}/tables/README.md`, "");
  await Deno.remove(`${folder}/exports`, { recursive: true }).catch(() => {});
  const flags = permissions.map((name) => `--allow-${name}`);
  const { code, err } = await ended(
    new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-check", "--config", `${root}deno.json`],
        ...[...flags, `${root}lib/commands/${command}.ts`, ...args],
      ],
      cwd: folder,
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
  return code === 0 ? undefined : `exit ${code}: ${err}`;
}

await needs(everything, "permissions: the README's are the least", async () => {
  const rows = table(await Deno.readTextFile(`${root}README.md`));
  assertEquals(rows.map(([name]) => name).sort(), Object.keys(ARGS).sort());
  await toys(DECLARED, async (toys) => {
    await Deno.mkdir(toys.path("tables"));
    await Deno.writeTextFile(
      toys.path("tables/tables.ts"),
      `import { teacher } from "../toy.ts";
import { tables } from "${root}mod.ts";
export default tables({ title: "T", tables: [{ id: "t", title: "T", rows: { teacher } }] });
`,
    );
    for (const [name, permissions] of rows) {
      assertEquals(await fault(toys, ARGS[name], permissions), undefined, name);
      // The home folder is asked for only to find the cache.
      const isAsked = !Deno.env.get("XDG_CACHE_HOME");
      for (const one of permissions.filter((one) => one !== "sys" || isAsked)) {
        const others = permissions.filter((other) => other !== one);
        assert(await fault(toys, ARGS[name], others), `${name} does not need ${one}`);
      }
    }
  });
});
