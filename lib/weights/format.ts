import { tarEntries } from "./pytorch/tar.ts";
import { isTarLayout } from "./pytorch/tar_layout.ts";
import { unpickle } from "./pytorch/unpickle.ts";
import { FileRefused, refuseOtherPickle } from "./refused.ts";
import type { ByteSource } from "../files/byte_source.ts";

/**
 * The format of a weights file. `pytorch-legacy` is the layout before PyTorch 1.6, `pytorch-tar` the
 * one before 0.1.10.
 */
export type WeightsFormat = "safetensors" | "pytorch" | "pytorch-legacy" | "pytorch-tar";

/**
 * Detects the format of a weights file by its first bytes. Throws a `FileRefused` that says what
 * the file is instead, if known.
 */
export function detectFormat(source: ByteSource): WeightsFormat {
  if (source.size === 0) {
    throw new FileRefused("is empty: its download or copy did not finish");
  }
  const head = String.fromCharCode(...source.read(0, Math.min(source.size, 512)));
  if (TAR.test(head)) {
    if (isTarLayout(tarEntries(source))) return "pytorch-tar";
    throw new FileRefused("is a tar archive: unpack it (tar xf) and name the weights in it");
  }
  for (const [pattern, problem] of OTHERS) {
    if (typeof pattern === "string" ? head.startsWith(pattern) : pattern.test(head)) {
      throw new FileRefused(problem);
    }
  }
  // Of a zip, byte 8 is the method of compression; of safetensors, PK may be the header's length.
  if (head.startsWith("PK") && head[8] !== "{") return "pytorch";
  if (head.startsWith(PICKLE) && head.slice(0, 32).includes(MAGIC)) return "pytorch-legacy";
  if (head[8] === "{") return "safetensors";
  if (head.startsWith(PICKLE) || OLD_PICKLE.test(head)) throw otherPickle(source);
  throw new FileRefused("is neither safetensors nor a file of PyTorch's torch.save");
}

const TAR = /^[^]{257}ustar/;

/** The first byte of a pickle of protocol 2 and above. */
const PICKLE = "\x80";

/** The start of an older pickle: a name, a container or a mark. */
const OLD_PICKLE = /^(c[\w.]+\n[\w.]+\n|[(\[\]{}])/;

/** The start of a file of PyTorch's old layout: the number 0x1950a86a20f9469cfc6c, in ten bytes. */
const MAGIC = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/** Files that people have in place of weights, by their first bytes, with the way out. */
const OTHERS: readonly (readonly [pattern: string | RegExp, problem: string])[] = [
  [
    /^\s*<(!doctype|html|\?xml)/i,
    "is a web page (a login, a quota, an error) in place of the file: download the file again",
  ],
  [
    "version https://git-lfs",
    "is a Git LFS pointer, not the file itself: `git lfs pull` fetches the file",
  ],
  ["\x1f\x8b", "is compressed with gzip: unpack it (gunzip or tar xzf) and name the weights in it"],
  ["BZh", "is compressed with bzip2: unpack it (bunzip2 or tar xjf) and name the weights in it"],
  ["\xfd7zXZ", "is compressed with xz: unpack it (unxz or tar xJf) and name the weights in it"],
  ["7z\xbc\xaf", "is a 7z archive: unpack it and name the weights in it"],
  ["Rar!", "is a RAR archive: unpack it and name the weights in it"],
  ["\x89HDF", "is an HDF5 file, as Keras writes: save the weights as safetensors"],
  ["\x93NUMPY", "is a NumPy array: save the weights as safetensors"],
  [
    /^\s*{[^]*"weight_map"\s*:/,
    "is the index of weights in several files: read these in Python and save them in one, " +
    'torch.save({k: v for part in parts for k, v in torch.load(part).items()}, "whole.pth"), ' +
    "or with load_file and save_file of safetensors.torch",
  ],
  [/^\s*[[{]\s*["\]}[{]/, "is JSON text, not weights"],
];

/**
 * The refusal of a pickle that PyTorch did not write. It names the Python name that the pickle asks
 * for, or else says that the file is a pickle.
 */
function otherPickle(source: ByteSource): FileRefused {
  try {
    unpickle(source.read(0, Math.min(source.size, 2 ** 20)));
  } catch (error) {
    if (error instanceof FileRefused) return error;
    throw error;
  }
  return refuseOtherPickle();
}
