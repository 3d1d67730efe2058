/**
 * TensorFlow's protocol-buffer messages, as far as a graph on its way out needs them: graph.proto,
 * node_def.proto, attr_value.proto, tensor.proto, tensor_shape.proto, versions.proto,
 * saved_model.proto and meta_graph.proto.
 *
 * @module
 */
import protobuf from "protobufjs";

const { root } = protobuf.parse(`
  syntax = "proto3";

  enum DataType { DT_INVALID = 0; DT_FLOAT = 1; DT_DOUBLE = 2; DT_INT32 = 3; DT_UINT8 = 4; DT_STRING = 7; DT_INT64 = 9; DT_BOOL = 10; }

  message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
  message NodeDef {
    string name = 1;
    string op = 2;
    repeated string input = 3;
    string device = 4;
    map<string, AttrValue> attr = 5;
  }
  message AttrValue {
    message ListValue {
      repeated bytes s = 2;
      repeated int64 i = 3;
      repeated float f = 4;
      repeated bool b = 5;
      repeated DataType type = 6;
      repeated TensorShapeProto shape = 7;
    }
    oneof value {
      ListValue list = 1;
      bytes s = 2;
      int64 i = 3;
      float f = 4;
      bool b = 5;
      DataType type = 6;
      TensorShapeProto shape = 7;
      TensorProto tensor = 8;
    }
  }
  message TensorProto {
    DataType dtype = 1;
    TensorShapeProto tensor_shape = 2;
    bytes tensor_content = 4;
    repeated float float_val = 5;
    repeated int32 int_val = 7;
  }
  message TensorShapeProto {
    message Dim { int64 size = 1; string name = 2; }
    repeated Dim dim = 2;
    bool unknown_rank = 3;
  }
  message VersionDef { int32 producer = 1; int32 min_consumer = 2; repeated int32 bad_consumers = 3; }

  message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }
  message MetaGraphDef {
    message MetaInfoDef { repeated string tags = 4; string tensorflow_version = 5; }
    MetaInfoDef meta_info_def = 1;
    GraphDef graph_def = 2;
    map<string, SignatureDef> signature_def = 5;
  }
  message SignatureDef { map<string, TensorInfo> inputs = 1; map<string, TensorInfo> outputs = 2; string method_name = 3; }
  message TensorInfo { string name = 1; DataType dtype = 2; TensorShapeProto tensor_shape = 3; }
`);

/** Dimensions; sizes are whole numbers in decimal digits, −1 where unknown. */
export interface TensorShapeProto {
  /** One after the other; absent for a scalar. */
  readonly dim?: readonly { readonly size: string }[];
}

/** A constant's value. */
export interface TensorProto {
  /** Its element type, e.g. `DT_FLOAT`. */
  readonly dtype: string;
  /** Its dimensions. */
  readonly tensorShape: TensorShapeProto;
  /** Its elements, little-endian; a tensor of one element has it in a list instead. */
  readonly tensorContent?: Uint8Array;
  /** The element of a float32 tensor that has only one. */
  readonly floatVal?: readonly number[];
  /** The element of an int32 tensor that has only one. */
  readonly intVal?: readonly number[];
}

/**
 * An operation's attribute: exactly one member of `AttrValue`, of which only constants' values are
 * looked into here.
 */
export interface AttrValue {
  /** The value of a `Const`. */
  readonly tensor?: TensorProto;
}

/** One operation of a graph. */
export interface NodeDef {
  /** Its name, the only one in its graph. */
  readonly name: string;
  /** What it computes, e.g. `Conv2D`. */
  readonly op: string;
  /** Where its inputs come from: an operation's name, and `:1` behind it for its second output. */
  readonly input?: readonly string[];
  /** Its attributes by name. */
  readonly attr: { readonly [name: string]: AttrValue };
}

/** A graph as data. */
export interface GraphDef {
  /** Its operations. */
  readonly node: readonly NodeDef[];
}

/** An input or output of a signature. */
export interface TensorInfo {
  /** The operation's name and the number of its output, e.g. `images:0`. */
  readonly name: string;
  /** Its element type, e.g. `DT_FLOAT`. */
  readonly dtype: string;
  /** Its dimensions. */
  readonly tensorShape: TensorShapeProto;
}

/** What a graph takes and gives. */
export interface SignatureDef {
  /** What it takes, by name. */
  readonly inputs: { readonly [name: string]: TensorInfo };
  /** What it gives, by name. */
  readonly outputs: { readonly [name: string]: TensorInfo };
  /**
   * How it is served; TensorFlow knows only `tensorflow/serving/predict` for what is not an
   * estimator.
   */
  readonly methodName: string;
}

/** A graph, what it is for and what it takes and gives. */
export interface MetaGraphDef {
  /** The tags it is looked for by, and the TensorFlow that wrote it. */
  readonly metaInfoDef: { readonly tags: readonly string[]; readonly tensorflowVersion: string };
  /** The graph. */
  readonly graphDef: GraphDef;
  /** Its signatures by name. */
  readonly signatureDef: { readonly [name: string]: SignatureDef };
}

const graphs = root.lookupType("GraphDef");
const savedModels = root.lookupType("SavedModel");

/** A graph from its protocol-buffer bytes. */
export function decodeGraph(bytes: Uint8Array): GraphDef {
  return graphs.toObject(graphs.decode(bytes), { longs: String, enums: String }) as GraphDef;
}

/**
 * A graph as JSON, in the form that protocol buffers have there: whole numbers of 64 bits as text,
 * bytes in base64.
 */
export function graphJson(graph: GraphDef): Readonly<Record<string, unknown>> {
  return graphs.toObject(graphs.fromObject(graph), { longs: String, enums: String, bytes: String });
}

/** The bytes of a `saved_model.pb`. */
export function encodeSavedModel(metaGraphs: readonly MetaGraphDef[]): Uint8Array<ArrayBuffer> {
  const message = savedModels.fromObject({ savedModelSchemaVersion: 1, metaGraphs });
  return Uint8Array.from(savedModels.encode(message).finish());
}
