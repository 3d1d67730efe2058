import { zipSync } from "fflate";

/** Writes files below `path`, or into `path`.zip with names that begin with `top`. */
export function writeFiles(
  path: string,
  files: Readonly<Record<string, Uint8Array>>,
  form: "zip" | "directory",
  top = "",
): void {
  if (form === "zip") {
    const named = Object.entries(files).map(([name, bytes]) => [top + name, bytes]);
    return Deno.writeFileSync(`${path}.zip`, zipSync(Object.fromEntries(named), { level: 0 }));
  }
  for (const [name, bytes] of Object.entries(files)) {
    Deno.mkdirSync(`${path}/${name}`.slice(0, `${path}/${name}`.lastIndexOf("/")), {
      recursive: true,
    });
    Deno.writeFileSync(`${path}/${name}`, bytes);
  }
}
