import { assertEquals } from "@std/assert";
import { commonFolder, labelsOf } from "../../lib/project/labels.ts";

const identity = (module: string, name?: string) => ({
  id: `${module.replace(/^\/project\/|\.ts$/g, "")}${name ? `#${name}` : ""}`,
  module,
  name,
});

Deno.test("labelsOf: the export or the module, both if another one has that name, else the id", () => {
  const identities = [
    identity("/project/a/pair.ts", "kd"),
    identity("/project/a/pair.ts", "shake"),
    identity("/project/b/pair.ts", "kd"),
    identity("/project/b/other.ts", "kd"),
    identity("/project/b/vgg13_vgg8.ts"),
  ];
  assertEquals(labelsOf(identities), ["a/pair#kd", "shake", "b/pair#kd", "other#kd", "vgg13_vgg8"]);
});

Deno.test("labelsOf: the module's path, if two projects have experiments of one id", () => {
  const identities = ["/one/pair.ts", "/two/pair.ts"].map((module) => ({ id: "pair", module }));
  assertEquals(labelsOf(identities), ["/one/pair.ts", "/two/pair.ts"]);
  const named = identities.map((identity) => ({ ...identity, id: "pair#kd", name: "kd" }));
  assertEquals(labelsOf(named), ["/one/pair.ts#kd", "/two/pair.ts#kd"]);
});

Deno.test("commonFolder: the folder that all modules are below", () => {
  const folderOf = (...modules: string[]) => commonFolder(modules.map((one) => identity(one)));
  assertEquals(folderOf("/project/a/x.ts"), "/project/a");
  assertEquals(folderOf("/project/a/x.ts", "/project/a/b/y.ts"), "/project/a");
  assertEquals(folderOf("/project/ab/x.ts", "/project/a/y.ts"), "/project");
});
