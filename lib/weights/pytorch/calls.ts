/**
 * What a file's calls build. Nothing is run: a known name builds a plain value here, any other one
 * an inert record of the call.
 *
 * @module
 */
import { quoteText } from "../../values/words.ts";
import { refuseDamaged, refuseForeign, refuseOtherPickle } from "../refused.ts";
import { halves, negated, quantised, sparse } from "./derived_tensors.ts";
import { bytesOf, dtypeOf, type ElementType, storageType } from "./element_types.ts";
import { frombuffer, numpyScalar, plain } from "./numpy.ts";
import {
  isCount,
  isCounts,
  kindOf,
  type Pickled,
  PickledName,
  PickledObject,
  PickledTensor,
  Storage,
  type TorchTensor,
} from "./objects.ts";

/**
 * Builds the object of a call. Throws a `FileRefused` if a known name has wrong arguments, or if
 * something is called that cannot be.
 */
export function buildObject(callee: Pickled, args: Pickled): Pickled {
  if (!Array.isArray(args)) {
    throw refuseDamaged(`it calls ${kindOf(callee)} without a tuple of arguments`);
  }
  if (callee instanceof PickledObject) return new PickledObject(callee.kind, args);
  if (!(callee instanceof PickledName)) throw refuseDamaged(`it calls ${kindOf(callee)}`);
  return Object.hasOwn(CALLS, callee.name)
    ? CALLS[callee.name](args)
    : new PickledObject(callee.name, args);
}

/**
 * Reads a persistent id: a storage, `("storage", type, key, location, length, part)`, the part
 * optional, or in old files a class with its source, `("module", class, file, source)`.
 */
export function readReference(id: Pickled): Storage | PickledName {
  const [kind, type, key, , length, part = null] = Array.isArray(id) ? id : [];
  if (kind === "module" && type instanceof PickledName) return type;
  if (kind !== "storage") throw refuseForeign("refers to something that is not a storage");
  if (!(type instanceof PickledName) || !isKey(key) || !isCount(length)) {
    throw refuseDamaged("one of its storages is described wrongly");
  }
  const dtype = storageType(type.name);
  if (!dtype) throw refuseForeign(`has a storage of the unknown type ${quoteText(type.name)}`);
  if (part === null) return new Storage(dtype, String(key), length);
  const [, offset, count] = Array.isArray(part) ? part : [];
  if (!isCount(offset) || !isCount(count) || offset + count > length) {
    throw refuseDamaged(
      `it takes a part of its storage ${quoteText(String(key))} that is not in it`,
    );
  }
  return new Storage(dtype, String(key), length, { offset, length: count });
}

const isKey = (value: Pickled | undefined): value is string | number =>
  typeof value === "string" || typeof value === "number";

type Call = (args: readonly Pickled[]) => Pickled;

/** The first argument, as it is. */
const first: Call = ([value = null]) => value;

/** A set, a list or their like. */
const listOf: Call = ([items = []]) => {
  if (!Array.isArray(items)) throw refuseDamaged("it makes a list of something that is none");
  return [...items];
};

/** An object that `copyreg` makes of its class. */
const objectOf: Call = ([type = null, ...args]) =>
  new PickledObject(type instanceof PickledName ? type.name : "copyreg", args);

const rebuild: Call = ([storage, offset, shape, strides, , , metadata = null]) =>
  withMetadata(buildTensor(storage, offset, shape, strides), metadata);

const CALLS: Readonly<Record<string, Call>> = {
  "collections.OrderedDict": ([pairs = []]) => buildDict(pairs),
  "collections.defaultdict": ([, pairs = []]) => buildDict(pairs),
  "collections.Counter": ([counts = []]) => buildDict(counts),
  "collections.deque": listOf,
  "builtins.set": listOf,
  "__builtin__.set": listOf,
  "builtins.frozenset": listOf,
  "__builtin__.frozenset": listOf,
  "torch._utils._rebuild_tensor": rebuild,
  "torch._utils._rebuild_tensor_v2": rebuild,
  "torch._utils._rebuild_tensor_v3": rebuildTyped,
  "torch._utils._rebuild_parameter": first,
  "torch._utils._rebuild_parameter_with_state": first,
  "torch.nn.parameter.Parameter": first,
  "torch._utils._rebuild_device_tensor_from_cpu_tensor": first,
  "torch._utils._rebuild_device_tensor_from_numpy": ([array = null]) => plain(array),
  "torch._utils._rebuild_xla_tensor": ([array = null]) => plain(array),
  "torch._tensor._rebuild_from_type_v2": ([callee = null, , args = null]) =>
    buildObject(callee, args),
  "torch._utils._rebuild_qtensor": ([storage, offset, shape, strides, quantiser = null]) =>
    quantised(buildTensor(storage, offset, shape, strides), quantiser),
  "torch._utils._rebuild_sparse_tensor": ([layout = null, parts = null]) => sparse(layout, parts),
  "torch._utils._rebuild_meta_tensor_no_storage": () =>
    new PickledObject("a tensor of the device meta, which has no numbers"),
  "torch.serialization._get_layout": first,
  "torch.Size": ([sizes = []]) => sizes,
  "torch.device": first,
  "numpy.core.multiarray.scalar": numpyScalar,
  "numpy._core.multiarray.scalar": numpyScalar,
  "numpy.core.numeric._frombuffer": frombuffer,
  "numpy._core.numeric._frombuffer": frombuffer,
  "copyreg._reconstructor": objectOf,
  "copy_reg._reconstructor": objectOf,
  "copyreg.__newobj__": objectOf,
  "copy_reg.__newobj__": objectOf,
  // Protocols below 3 have no opcode for bytes.
  "_codecs.encode": ([text = null]) => encodeLatin1(text),
  "builtins.bytes": () => new Uint8Array(),
  "__builtin__.bytes": () => new Uint8Array(),
  "builtins.bytearray": bytearray,
  "__builtin__.bytearray": bytearray,
};

function buildTensor(
  storage: Pickled,
  offset: Pickled,
  shape: Pickled,
  strides: Pickled,
): PickledTensor {
  // Python's own pickle.dump has each storage as a file of torch.save in itself.
  if (storage instanceof PickledObject && storage.kind === "torch.storage._load_from_bytes") {
    throw refuseOtherPickle();
  }
  if (
    !(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides) ||
    shape.length !== strides.length || shape.length > 64
  ) {
    throw refuseDamaged(
      "one of its tensors is described wrongly: sizes, strides and offset have to be whole numbers from 0 on",
    );
  }
  // Copied, because the file could still change its lists.
  return new PickledTensor(storage, offset, [...shape], [...strides]);
}

/** A tensor of bytes that `dtype` says how to read. */
function rebuildTyped(
  [storage, offset, shape, strides, , , dtype = null, metadata = null]: readonly Pickled[],
): Pickled {
  const name = dtype instanceof PickledName ? dtype.name : "";
  if (name === "torch.float4_e2m1fn_x2") {
    return halves(buildTensor(storage, offset, shape, strides));
  }
  const type = dtypeOf(name);
  if (!type || !(storage instanceof Storage)) {
    return new PickledObject(`a tensor of ${kindOf(dtype)}`);
  }
  return withMetadata(buildTensor(retyped(storage, type), offset, shape, strides), metadata);
}

/** The same bytes as elements of another type. */
function retyped({ dtype, key, length, part }: Storage, type: ElementType): Storage {
  const scale = bytesOf(dtype) / bytesOf(type);
  const offset = part.offset * scale;
  if (!isCount(offset)) {
    throw refuseDamaged(`a part of its storage ${quoteText(key)} begins inside a number`);
  }
  return new Storage(type, key, Math.floor(length * scale), {
    offset,
    length: Math.floor(part.length * scale),
  });
}

/** A tensor with its marks: `neg` is a view of another one whose numbers have the other sign. */
function withMetadata(tensor: PickledTensor, metadata: Pickled): TorchTensor {
  return metadata instanceof Map && metadata.get("neg") === true ? negated(tensor) : tensor;
}

function buildDict(pairs: Pickled): Map<Pickled, Pickled> {
  if (pairs instanceof Map) return new Map(pairs);
  if (Array.isArray(pairs) && pairs.every(isPair)) return new Map(pairs);
  throw refuseDamaged("it makes a dict of something that is not a list of pairs");
}

const isPair = (value: Pickled): value is [Pickled, Pickled] =>
  Array.isArray(value) && value.length === 2;

function bytearray([contents = ""]: readonly Pickled[]): Uint8Array {
  return contents instanceof Uint8Array ? contents : encodeLatin1(contents);
}

function encodeLatin1(text: Pickled): Uint8Array {
  if (typeof text !== "string") {
    throw refuseDamaged("it makes bytes of something that is not a string");
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
