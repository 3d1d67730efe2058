/** The layout of the folders: tests mirror `lib/` and `datasets/`, and each export has one name. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { needs } from "../support/needs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Lists the files below a folder by their paths in the project. */
async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(root + folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) paths.push(...await filesBelow(path));
    else paths.push(path);
  }
  return paths.sort();
}

/** Lists the files directly in a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const files = await filesBelow(folder);
  return files.map((path) => path.slice(folder.length + 1)).filter((path) => !path.includes("/"));
}

/** Lists the rooms: the folders directly below `lib/`. Folders without a file do not count. */
async function listRooms(): Promise<string[]> {
  const paths = (await filesBelow("lib")).map((path) => path.split("/"));
  return [...new Set(paths.flatMap(([, room, ...rest]) => rest.length > 0 ? [room] : []))];
}

/** Gives the path of the module that a test is about. */
function moduleOf(test: string): string {
  const path = test.slice("tests/".length).replace(/_test\.ts$/, ".ts");
  return path.startsWith("datasets/") ? path : `lib/${path}`;
}

await needs(["read"], "layout: every test mirrors a module of lib/ or datasets/", async () => {
  const modules = new Set([...await filesBelow("lib"), ...await filesBelow("datasets")]);
  const tests = (await filesBelow("tests")).filter((path) =>
    path.endsWith("_test.ts") && !/^tests\/(suites|bench|support)\//.test(path)
  );
  assert(tests.length > 100, `only ${tests.length} tests were found`);
  const wrong = tests.filter((path) => !modules.has(moduleOf(path)))
    .map((path) => `${path} has no ${moduleOf(path)}`);
  assertEquals(wrong, []);
});

await needs(
  ["read"],
  "layout: tests/support has no test, and tests/ has only a README.md and folders",
  async () => {
    const tests = (await filesBelow("tests/support")).filter((path) => path.endsWith("_test.ts"));
    assertEquals(tests, []);
    assertEquals(await filesIn("tests"), ["README.md"]);
  },
);

await needs(
  ["read"],
  "layout: no code changes the working folder, which all tests of `--parallel` share",
  async () => {
    const folders = await Promise.all(["lib", "datasets", "tests"].map(filesBelow));
    const changing: string[] = [];
    for (const path of folders.flat().filter((path) => path.endsWith(".ts"))) {
      if (/\.chdir\(/.test(await Deno.readTextFile(root + path))) changing.push(path);
    }
    assertEquals(changing, []);
  },
);

await needs(
  ["read"],
  "layout: lib/ has rooms and a README.md, which lists every room",
  async () => {
    const files = await filesIn("lib");
    assert(files.includes("README.md"), "lib/README.md is missing: write it and list every room");
    assertEquals(files, ["README.md"]);
    const readme = await Deno.readTextFile(`${root}lib/README.md`);
    const missing = (await listRooms()).filter((room) => !readme.includes(`\`${room}/\``));
    assertEquals(missing, [], "rooms that lib/README.md does not list");
  },
);

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm;

/** Finds the names that a module declares and exports. A function's overloads have one name. */
async function exportsOf(path: string): Promise<ReadonlySet<string>> {
  const text = await Deno.readTextFile(root + path);
  const names = Array.from(text.matchAll(EXPORT), ([, name]) => name);
  const lines = text.match(/^export /gm) ?? [];
  assertEquals(names.length, lines.length, `${path} has exports that this test cannot read`);
  return new Set(names);
}

/**
 * Families of ImageNet's networks share their members' names with those for small images. They are
 * exported under the namespace `imagenet`, as in the papers' tables: `imagenet.resnet18`.
 */
const NAMESPACE = "lib/networks/imagenet.ts";

await needs(["read"], "layout: no two exports of lib/ have one name", async () => {
  const modules = (await filesBelow("lib")).filter((path) =>
    // A mod.ts exports other modules' names again. lib/std has the names of published packages.
    path.endsWith(".ts") && !path.endsWith("/mod.ts") && !path.startsWith("lib/std/")
  );
  const modulesOf = new Map<string, string[]>();
  for (const path of modules) {
    for (const name of await exportsOf(path)) {
      modulesOf.set(name, [...modulesOf.get(name) ?? [], path]);
    }
  }
  assert(modulesOf.size > 500, `only ${modulesOf.size} exports were found`);
  const isAllowed = (paths: readonly string[]) =>
    paths.length === 1 ||
    paths.length === 2 && paths.includes(NAMESPACE) &&
      paths.every((path) => path.startsWith("lib/networks/"));
  const wrong = Array.from(modulesOf).filter(([, paths]) => !isAllowed(paths))
    .map(([name, paths]) => `${name} is exported by ${paths.join(" and ")}`);
  assertEquals(wrong, []);
});
