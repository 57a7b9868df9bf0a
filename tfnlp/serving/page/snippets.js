// The request on the page as code to copy. Each piece runs as it stands.

import { assignPython, assignPythonBytes, base64Of, parseJson, quote } from "./json.js";
import { isClassifier, typeName } from "./signatures.js";
import { isTagger } from "./tagging.js";

const SECONDS = 10;

/**
 * Every piece of code for a request; `code(request, servers)` gives null where there is none.
 *
 * `servers` is `{rest: "http://host:port", grpc: "host:port"}`; `grpc` is "" where the server has none.
 */
export const SNIPPETS = [
  { name: "curl", code: curl },
  { name: "Python", code: python },
  { name: "tfnlp client", code: client },
  { name: "gRPC", code: grpc },
];

const shellQuote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ address, body }) {
  return `curl -d ${shellQuote(body)} \\\n  ${shellQuote(address)}`;
}

function python({ address, body }) {
  const tree = tryParse(body);
  if (tree === undefined) return null;
  return `import json
import urllib.request

${assignPython("body", tree)}
request = urllib.request.Request(
    ${quote(address)},
    json.dumps(body).encode(),
)
with urllib.request.urlopen(request, timeout=${SECONDS}) as answer:
    print(json.load(answer))`;
}

function client(request, servers) {
  const { model, place, signature, way } = request;
  const [kind, name] = split(place);
  const isDefault = signature.name === "serving_default";
  const options = [
    kind === "versions" && `version=${name}`,
    kind === "labels" && `label=${quote(name)}`,
    way !== "classify" && !isDefault && `signature=${quote(signature.name)}`,
  ];
  const piece = clientCall(request);
  if (!piece) return null;
  const [given, call] = piece;
  const where = [quote(servers.grpc || servers.rest), quote(model), ...options.filter(Boolean)].join(", ");
  return `${importBase64(given)}from tfnlp.serving import Client

${given}
with Client(${where}) as client:
    answer = client.${call}
print(answer)`;
}

// What is asked, and the call that asks it.
function clientCall(request) {
  const { signature, way, texts, feature } = request;
  if (way === "regress") return null;
  if (way === "classify") {
    const call = `classify(texts, signature=${quote(signature.name)}, feature=${quote(feature)})`;
    return [assignPython("texts", texts), call];
  }
  const [input] = signature.inputs;
  if (way === "text" && input.name === "text" && input.shape?.length !== 2) {
    if (isClassifier(signature)) return [assignPython("texts", texts), "predict(texts)"];
    if (isTagger(signature)) return [assignPython("texts", texts), "tag(texts)"];
  }
  const columns = columnsOf(request);
  const inputs = columns && new Map(columns.map(([{ name }, values]) => [name, values]));
  return inputs && [assignPythonBytes("inputs", inputs), "ask(inputs)"];
}

const importBase64 = (code) => (code.includes("base64.b64decode(") ? "import base64\n\n" : "");

function grpc(request, { grpc: server }) {
  if (!server) return null;
  if (request.way === "classify") return examplesOverGrpc(request, server, "Classif", "classification");
  if (request.way === "regress") return examplesOverGrpc(request, server, "Regress", "regression");
  const columns = columnsOf(request);
  if (!columns) return null;
  const tensors = columns.map(([{ name, dtype }, values]) => {
    const tensor = `tf.make_tensor_proto(values, tf.${typeName(dtype)})`;
    return `${assignPythonBytes("values", values)}\nrequest.inputs[${quote(name)}].CopyFrom(${tensor})`;
  });
  return `${importBase64(tensors.join())}import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

request = predict_pb2.PredictRequest()
${modelSpec(request)}
${tensors.join("\n")}

with grpc.insecure_channel(${quote(server)}) as channel:
    service = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    answer = service.Predict(request, timeout=${SECONDS})
for name, tensor in answer.outputs.items():
    print(name, tf.make_ndarray(tensor).tolist())`;
}

function examplesOverGrpc(request, server, verb, file) {
  const isClassify = request.way === "classify";
  const show = isClassify
    ? `for classes in answer.result.classifications:
    print([(c.label, c.score) for c in classes.classes])`
    : "print([regression.value for regression in answer.result.regressions])";
  return `import grpc
from tensorflow_serving.apis import ${file}_pb2, prediction_service_pb2_grpc

request = ${file}_pb2.${verb}${isClassify ? "ication" : "ion"}Request()
${modelSpec(request)}
${assignPython("texts", request.texts)}
for text in texts:
    example = request.input.example_list.examples.add()
    example.features.feature[${quote(request.feature)}].bytes_list.value.append(text.encode())

with grpc.insecure_channel(${quote(server)}) as channel:
    service = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    answer = service.${isClassify ? "Classify" : "Regress"}(request, timeout=${SECONDS})
${show}`;
}

function modelSpec({ model, place, signature }) {
  const [kind, name] = split(place);
  const lines = [
    `request.model_spec.name = ${quote(model)}`,
    kind === "versions" && `request.model_spec.version.value = ${name}`,
    kind === "labels" && `request.model_spec.version_label = ${quote(name)}`,
    `request.model_spec.signature_name = ${quote(signature.name)}`,
  ];
  return lines.filter(Boolean).join("\n");
}

function split(place) {
  const slash = place.indexOf("/");
  return slash < 0 ? ["", ""] : [place.slice(0, slash), place.slice(slash + 1)];
}

// `[[input, values]]` whichever format the body has; null if it cannot be told.
function columnsOf({ body, signature }) {
  const tree = tryParse(body);
  if (!(tree instanceof Map)) return null;
  const { inputs } = signature;
  const [only] = inputs;
  const isNamed = (value) => value instanceof Map && base64Of(value) === null;
  const pick = (value, input) => (isNamed(value) ? value.get(input.name) : value);
  let columns;
  if (tree.has("inputs")) {
    columns = inputs.map((input) => [input, pick(tree.get("inputs"), input)]);
  } else if (Array.isArray(tree.get("instances"))) {
    const rows = tree.get("instances");
    if (inputs.length > 1 && !rows.every(isNamed)) return null;
    columns = inputs.map((input) => [input, rows.map((row) => pick(row, input))]);
  } else {
    return null;
  }
  const isWhole = (values) => values !== undefined && !(Array.isArray(values) && values.includes(undefined));
  return only && columns.every(([, values]) => isWhole(values)) ? columns : null;
}

function tryParse(text) {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
