import { Attr, type OpAttribute } from "./binding.ts";
import { type CApi, cString, type Pointer } from "./c_api.ts";

/** C functions that set an operation's attributes, either for graphs or for the eager interface. */
export interface Setters {
  readonly string: CApi["TF_SetAttrString"];
  readonly int: CApi["TF_SetAttrInt"];
  readonly ints: CApi["TF_SetAttrIntList"];
  readonly float: CApi["TF_SetAttrFloat"];
  readonly bool: CApi["TF_SetAttrBool"];
  readonly type: CApi["TF_SetAttrType"];
  readonly shape: CApi["TF_SetAttrShape"];
  /** Sets a constant's elements. Only graphs have constants. */
  readonly tensor?: (operation: Pointer, key: Uint8Array<ArrayBuffer>, tensor: Pointer) => void;
}

const encoder = new TextEncoder();

/** Sets an attribute of an operation. The attribute's kind determines the type of its value. */
export function setAttribute(
  set: Setters,
  operation: Pointer,
  op: string,
  { name, type, value }: OpAttribute,
): void {
  const key = cString(name);
  switch (type) {
    case Attr.string: {
      const text = encoder.encode(value as string);
      return set.string(operation, key, text, BigInt(text.length));
    }
    case Attr.int:
      return Array.isArray(value)
        ? set.ints(operation, key, BigInt64Array.from(value, BigInt), value.length)
        : set.int(operation, key, BigInt(value as number));
    case Attr.float:
      return set.float(operation, key, value as number);
    case Attr.bool:
      return set.bool(operation, key, value ? 1 : 0);
    case Attr.type:
      return set.type(operation, key, value as number);
    case Attr.shape: {
      const shape = value as number[];
      return set.shape(operation, key, BigInt64Array.from(shape, BigInt), shape.length);
    }
    case Attr.tensor:
      if (set.tensor) return set.tensor(operation, key, value as Pointer);
  }
  throw new Error(`${op}: an attribute of kind ${type} is not supported`);
}
