// Writes the two ONNX models that onnxruntime-web runs: a matrix product and a convolution. ONNX is protobuf; these few fields are all it takes.

const bytes = (parts) => Buffer.concat(parts.map((p) => (typeof p === "string" ? Buffer.from(p) : p)));

function varint(number) {
  const out = [];
  let rest = BigInt(number);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    out.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Buffer.from(out);
}

const int = (field, number) => bytes([varint(field << 3), varint(number)]);

function block(field, ...parts) {
  const body = bytes(parts);
  return bytes([varint((field << 3) | 2), varint(body.length), body]);
}

const FLOAT = 1;

// ValueInfoProto
function value(field, name, shape) {
  const dims = shape.map((d) => block(1, int(1, d)));
  return block(field, block(1, name), block(2, block(1, int(1, FLOAT), block(2, ...dims))));
}

// TensorProto
const initializer = (name, shape, data) =>
  block(5, ...shape.map((d) => int(1, d)), int(2, FLOAT), block(8, name), block(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)));

// AttributeProto of type INTS
const ints = (name, numbers) => block(5, block(1, name), ...numbers.map((n) => int(8, n)), int(20, 7));

// NodeProto
const node = (type, inputs, output, ...attributes) =>
  block(1, ...inputs.map((i) => block(1, i)), block(2, output), block(4, type), ...attributes);

const model = (...graph) => bytes([int(1, 8), block(7, ...graph, block(2, "bench")), block(8, int(2, 17))]);

// a [n, n] times b [n, n], both inputs
export const matmul = (n) =>
  model(node("MatMul", ["a", "b"], "y"), value(11, "a", [n, n]), value(11, "b", [n, n]), value(12, "y", [n, n]));

// 3x3 convolution with padding 1, weights in the model
export const conv = (channels, size, weight, bias) =>
  model(
    node("Conv", ["x", "w", "b"], "y", ints("kernel_shape", [3, 3]), ints("pads", [1, 1, 1, 1])),
    initializer("w", [channels, channels, 3, 3], weight),
    initializer("b", [channels], bias),
    value(11, "x", [1, channels, size, size]),
    value(12, "y", [1, channels, size, size]),
  );
