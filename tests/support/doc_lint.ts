/**
 * `deno task doc` checks that every exported declaration has a doc and that public types refer to
 * public types only, or to those of a package. Members of a declaration need no doc, because a name
 * may say enough.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function* modules(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* modules(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** Collects the complaints of `deno doc --lint`, except those about members without a doc. */
async function complaints(paths: readonly string[]): Promise<readonly string[]> {
  const args = ["doc", "--lint", ...paths];
  const env = { NO_COLOR: "1" };
  const lint = new Deno.Command(Deno.execPath(), { args, cwd: root, env, stdout: "null" });
  const { code, stderr } = await lint.output();
  const found = new TextDecoder().decode(stderr).split(/^(?=error)/m);
  const isOfMember = (text: string) =>
    text.startsWith("error[missing-jsdoc]") && !/^\s*\d+ \| export /m.test(text);
  const sources = await Promise.all(paths.map((path) => Deno.readTextFile(join(root, path))));
  const isOfPackage = (text: string) => {
    const type = text.match(/references private type '(\w+)'/)?.[1];
    const declared = new RegExp(`\\b(type|interface|class|function|const) ${type}\\b`);
    return type !== undefined && !sources.some((source) => declared.test(source));
  };
  const wrong = found.filter((text) =>
    text.startsWith("error[") && !isOfMember(text) && !isOfPackage(text)
  );
  const isUnread = code !== 0 && !found.some((text) => text.startsWith("error["));
  return isUnread ? found : wrong;
}

if (import.meta.main) {
  const paths = ["mod.ts"];
  for (const folder of ["lib", "datasets"]) {
    for await (const path of modules(folder)) paths.push(path);
  }
  const wrong = await complaints(paths);
  for (const text of wrong) console.error(text.trimEnd());
  console.log(`${paths.length} modules, ${wrong.length} complaints about their docs`);
  if (wrong.length > 0) Deno.exit(1);
}
