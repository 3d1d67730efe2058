/** Reads a file as Retort reads one of its ending, and prints this process's peak in megabytes. */
import { readFileSync } from "node:fs";
import { imageDecoder } from "../../datasets/images/image.ts";
import { openZip } from "../../lib/files/zip.ts";
import { fileSource } from "../../lib/files/byte_source.ts";
import { Failure } from "../../lib/values/failure.ts";
import { decodeWeights } from "../../lib/weights/weights_file.ts";

const [path] = Deno.args;
const readers: Record<string, () => unknown> = {
  zip() {
    const zip = openZip(path);
    for (const name of zip.names) zip.read(name);
  },
  pth: () => decodeWeights(fileSource(path)),
  async image() {
    const decode = await imageDecoder();
    decode(Deno.readFileSync(path));
  },
};
try {
  await (readers[path.split(".").at(-1)!] ?? readers.image)();
  throw new TypeError("the bomb was read");
} catch (error) {
  const isPlain = error instanceof Failure || error?.constructor === Error;
  if (!isPlain) throw error;
}
const [, kilobytes] = readFileSync("/proc/self/status", "utf8").match(/VmHWM:\s*(\d+)/)!;
console.log(Math.round(Number(kilobytes) / 1024));
