import { unpickle } from "./pytorch/unpickle.ts";
import { FileRefused } from "./refused.ts";
import type { ByteSource } from "../files/byte_source.ts";

/**
 * The format of a file of weights, by its first bytes. Throws a `Refused` that says what it is
 * instead, where known.
 */
export function detectFormat(source: ByteSource): "safetensors" | "pytorch" | "pytorch-legacy" {
  if (source.size === 0) {
    throw new FileRefused("is empty: it was not downloaded or copied to its end");
  }
  const head = String.fromCharCode(...source.read(0, Math.min(source.size, 512)));
  for (const [looks, what] of OTHERS) {
    if (typeof looks === "string" ? head.startsWith(looks) : looks.test(head)) {
      throw new FileRefused(what);
    }
  }
  if (head.startsWith("PK")) return "pytorch";
  if (head.startsWith(PICKLE) && head.slice(0, 32).includes(MAGIC)) return "pytorch-legacy";
  if (head[8] === "{") return "safetensors";
  if (head.startsWith(PICKLE) || OLD_PICKLE.test(head)) throw otherPickle(source);
  throw new FileRefused("is neither safetensors nor a file of PyTorch's torch.save");
}

/** How a pickle of protocol 2 and above begins. */
const PICKLE = "\x80";

/** How older ones begin: with a name, a container or a mark. */
const OLD_PICKLE = /^(c[\w.]+\n[\w.]+\n|[(\[\]{}])/;

/**
 * The number that a file of PyTorch's old layout begins with: 0x1950a86a20f9469cfc6c, in ten bytes.
 */
const MAGIC = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/** What people have in place of weights, by its first bytes, and the way out. */
const OTHERS: readonly (readonly [looks: string | RegExp, what: string])[] = [
  [
    /^\s*<(!doctype|html|\?xml)/i,
    "is a web page: the address led to one (a login, a quota, an error) in place of the file; download it again",
  ],
  [
    "version https://git-lfs",
    "is a pointer of Git LFS, not the file itself: `git lfs pull` gets that",
  ],
  [
    /^[^]{257}ustar/,
    "is a tar archive: unpack it (tar xf) and name the weights in it; where PyTorch before 0.1.10 wrote it, load it " +
    "there and save it with a newer one: torch.save(model.state_dict(), path)",
  ],
  ["\x1f\x8b", "is compressed with gzip: unpack it (gunzip or tar xzf) and name the weights in it"],
  ["BZh", "is compressed with bzip2: unpack it (bunzip2 or tar xjf) and name the weights in it"],
  ["\xfd7zXZ", "is compressed with xz: unpack it (unxz or tar xJf) and name the weights in it"],
  ["7z\xbc\xaf", "is a 7z archive: unpack it and name the weights in it"],
  ["Rar!", "is a RAR archive: unpack it and name the weights in it"],
  ["\x89HDF", "is an HDF5 file, as Keras writes: save the weights as safetensors"],
  ["\x93NUMPY", "is a NumPy array: save the weights as safetensors"],
  [/^\s*[[{]\s*["\]}[{]/, "is JSON text, not weights"],
];

/**
 * What to say of a pickle that PyTorch did not write: the name that it asks for, or that it is one.
 */
function otherPickle(source: ByteSource): FileRefused {
  try {
    unpickle(source.read(0, Math.min(source.size, 2 ** 20)));
  } catch (error) {
    if (error instanceof FileRefused) return error;
    throw error;
  }
  return new FileRefused(
    "is a Python pickle, but not one that torch.save wrote: torch.save(model.state_dict(), path)",
  );
}
