// How the addon of tfjs-node-gpu opens a model: it is compiled so that it takes these options instead of TensorFlow's usual ones.

#undef TF_NewSessionOptions
#include "tensorflow/c/c_api.h"

extern "C" TF_SessionOptions* MedctcSessionOptions();

// Without Grappler, which goes over the whole graph twice before the first run: what it would simplify is simplified by the
// compiler's own passes already.
extern "C" TF_SessionOptions* MedctcSessionOptions() {
  TF_SessionOptions* options = TF_NewSessionOptions();
  // ConfigProto { graph_options { rewrite_options { disable_meta_optimizer: true } } } of tensorflow/core/protobuf/config.proto.
  const unsigned char config[] = {0x52, 5, 0x52, 3, 0x98, 0x01, 1};
  TF_Status* status = TF_NewStatus();
  // It only takes longer to begin where this TensorFlow does not know the option.
  TF_SetConfig(options, config, sizeof config, status);
  TF_DeleteStatus(status);
  return options;
}
