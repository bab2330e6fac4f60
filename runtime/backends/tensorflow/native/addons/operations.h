// What the operations of this addon share: how TensorFlow learns of them, and what they hold while they run.

#ifndef MEDCTC_KERNELS_OPERATIONS_H_
#define MEDCTC_KERNELS_OPERATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "tensorflow.h"

namespace medctc {

// An operation of TensorFlow's graphs, in the words of its own definitions.
struct Operation {
  const char* name;
  std::vector<const char*> attributes, inputs;
  const char* output;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

// Each makes one operation known to TensorFlow, and gives what is wrong, or nothing.
std::string Register(const Operation& operation);
std::string RegisterRows();
std::string RegisterProducts();

using Status = std::unique_ptr<TF_Status, void (*)(TF_Status*)>;
inline Status NewStatus() { return Status(TF_NewStatus(), TF_DeleteStatus); }

// The tensors of one run, which are released with it.
struct Tensors {
  std::vector<TF_Tensor*> all;
  ~Tensors() {
    for (TF_Tensor* each : all) TF_DeleteTensor(each);
  }
};

}  // namespace medctc

#endif  // MEDCTC_KERNELS_OPERATIONS_H_
