import { assertEquals } from "@std/assert";
import { isPackageFile } from "../../lib/values/package_file.ts";

Deno.test("isPackageFile: packages in Deno's cache or node_modules, and no project in a folder called npm", () => {
  const files = {
    "file:///root/.cache/deno/npm/npm.example.org/@tensorflow/tfjs/4.22.0/dist/tf.node.js": true,
    "file:///root/.cache/deno/npm/localhost_8081/repository/npm/acorn/8.15.0/dist/acorn.mjs": true,
    "file:///p/node_modules/@tensorflow/tfjs/dist/tf.node.js": true,
    "file:///home/me/npm/distil/experiments/mine.ts": false,
    "file:///home/me/npm/kd.v2/experiments/mine.ts": false,
    "file:///home/me/distil/mine.ts": false,
  };
  for (const [file, isPackage] of Object.entries(files)) {
    assertEquals(isPackageFile(file), isPackage, file);
  }
});
