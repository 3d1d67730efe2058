/**
 * TensorFlow's protocol-buffer messages, as far as Retort needs them. For the export of a graph:
 * graph.proto, node_def.proto, attr_value.proto, tensor.proto, tensor_shape.proto, versions.proto,
 * saved_model.proto and meta_graph.proto. For a server: tensorflow_server.proto and cluster.proto.
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

  message ServerDef {
    ClusterDef cluster = 1;
    string job_name = 2;
    int32 task_index = 3;
    bytes default_session_config = 4;
    string protocol = 5;
  }
  message ClusterDef { repeated JobDef job = 1; }
  message JobDef { string name = 1; map<int32, string> tasks = 2; }
`);

/** Dimensions. Sizes are whole numbers in decimal digits, −1 if unknown. */
export interface TensorShapeProto {
  /** `undefined` for a scalar. */
  readonly dim?: readonly { readonly size: string }[];
}

/** Value of a constant. */
export interface TensorProto {
  /** Element type, e.g. `DT_FLOAT`. */
  readonly dtype: string;
  readonly tensorShape: TensorShapeProto;
  /** Elements, little-endian. A tensor of one element has it in a list instead. */
  readonly tensorContent?: Uint8Array;
  /** Element of a float32 tensor with one element. */
  readonly floatVal?: readonly number[];
  /** Element of an int32 tensor with one element. */
  readonly intVal?: readonly number[];
}

/**
 * Attribute of an operation: exactly one member of TensorFlow's `AttrValue`. Retort reads only the
 * values of constants.
 */
export interface AttrValue {
  /** Value of a `Const`. */
  readonly tensor?: TensorProto;
}

/** One operation of a graph. */
export interface NodeDef {
  /** Name, unique in its graph. */
  readonly name: string;
  /** Name of the op, e.g. `Conv2D`. */
  readonly op: string;
  /** Inputs: the name of an operation, with `:1` appended for its second output. */
  readonly input?: readonly string[];
  readonly attr: { readonly [name: string]: AttrValue };
}

/** A graph as data. */
export interface GraphDef {
  readonly node: readonly NodeDef[];
}

/** An input or output of a signature. */
export interface TensorInfo {
  /** Name of the operation and index of its output, e.g. `images:0`. */
  readonly name: string;
  /** Element type, e.g. `DT_FLOAT`. */
  readonly dtype: string;
  readonly tensorShape: TensorShapeProto;
}

/** Inputs and outputs of a graph. */
export interface SignatureDef {
  readonly inputs: { readonly [name: string]: TensorInfo };
  readonly outputs: { readonly [name: string]: TensorInfo };
  /**
   * Serving method. TensorFlow knows only `tensorflow/serving/predict` for anything but an
   * estimator.
   */
  readonly methodName: string;
}

/** A graph with its tags and signatures. */
export interface MetaGraphDef {
  /** Tags for finding the graph, and the TensorFlow version that wrote it. */
  readonly metaInfoDef: { readonly tags: readonly string[]; readonly tensorflowVersion: string };
  readonly graphDef: GraphDef;
  /** Signatures by name. */
  readonly signatureDef: { readonly [name: string]: SignatureDef };
}

/** A TensorFlow server and the cluster that it is part of. */
export interface ServerDef {
  /** Each job's name and the address, host:port, of each of its tasks. */
  readonly cluster: {
    readonly job: readonly {
      readonly name: string;
      readonly tasks: { readonly [index: number]: string };
    }[];
  };
  readonly jobName: string;
  readonly taskIndex: number;
  /** `ConfigProto` in protocol-buffer bytes: threads and devices of the server. */
  readonly defaultSessionConfig: Uint8Array;
  readonly protocol: "grpc";
}

const graphs = root.lookupType("GraphDef");
const savedModels = root.lookupType("SavedModel");
const servers = root.lookupType("ServerDef");

/** Decodes a graph from its protocol-buffer bytes. */
export function decodeGraph(bytes: Uint8Array): GraphDef {
  return graphs.toObject(graphs.decode(bytes), { longs: String, enums: String }) as GraphDef;
}

/**
 * Converts a graph to the JSON form of protocol buffers: 64-bit whole numbers as text, bytes in
 * base64.
 */
export function graphJson(graph: GraphDef): Readonly<Record<string, unknown>> {
  return graphs.toObject(graphs.fromObject(graph), { longs: String, enums: String, bytes: String });
}

/** Encodes the bytes of a `saved_model.pb`. */
export function encodeSavedModel(metaGraphs: readonly MetaGraphDef[]): Uint8Array<ArrayBuffer> {
  const message = savedModels.fromObject({ savedModelSchemaVersion: 1, metaGraphs });
  return Uint8Array.from(savedModels.encode(message).finish());
}

/** Encodes the definition of a server. */
export function encodeServer(server: ServerDef): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(servers.encode(servers.fromObject({ ...server })).finish());
}
