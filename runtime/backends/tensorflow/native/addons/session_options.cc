// How the addon of tfjs-node-gpu opens a model: it is compiled so that it takes these options instead of TensorFlow's usual ones.

#undef TF_NewSessionOptions
#include "tensorflow/c/c_api.h"

extern "C" TF_SessionOptions* MedctcSessionOptions();

// With Grappler going over the graph once before the first run, and not twice: the second time finds nothing in graphs that the
// compiler's own passes have simplified.
extern "C" TF_SessionOptions* MedctcSessionOptions() {
  TF_SessionOptions* options = TF_NewSessionOptions();
  // ConfigProto { graph_options { rewrite_options { meta_optimizer_iterations: ONE } } } of tensorflow/core/protobuf/config.proto.
  const unsigned char config[] = {0x52, 4, 0x52, 2, 0x60, 1};
  TF_Status* status = TF_NewStatus();
  // It only takes longer to begin where this TensorFlow does not know the option.
  TF_SetConfig(options, config, sizeof config, status);
  TF_DeleteStatus(status);
  return options;
}
