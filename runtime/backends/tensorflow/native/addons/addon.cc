// A Node addon, so that `require` loads it: from then on TensorFlow knows our operations. It says which of them are worth
// having on this processor.

#include <node_api.h>

#include <string>

#include "operations.h"
#include "product.h"

namespace medctc {

namespace {

void UnknownShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

}  // namespace

std::string Register(const Operation& operation) {
  const Status status = NewStatus();
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(op, attribute);
  for (const char* input : operation.inputs) TF_OpDefinitionBuilderAddInput(op, input);
  TF_OpDefinitionBuilderAddOutput(op, operation.output);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, UnknownShapes);
  TF_RegisterOpDefinition(op, status.get());
  if (TF_GetCode(status.get()) != TF_OK) return TF_Message(status.get());
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute, operation.destroy);
  TF_RegisterKernelBuilder(operation.name, kernel, status.get());
  return TF_GetCode(status.get()) == TF_OK ? "" : TF_Message(status.get());
}

}  // namespace medctc

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  static const std::string problem = [] {
    const std::string rows = medctc::RegisterRows();
    return rows.empty() && medctc::HasProducts() ? medctc::RegisterProducts() : rows;
  }();
  if (!problem.empty()) napi_throw_error(env, nullptr, problem.c_str());
  napi_value products;
  if (napi_get_boolean(env, medctc::HasFasterProducts(), &products) == napi_ok)
    napi_set_named_property(env, exports, "hasFasterProducts", products);
  return exports;
}
