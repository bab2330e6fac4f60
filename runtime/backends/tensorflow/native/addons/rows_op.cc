// The operation MedctcRows of TensorFlow's graphs, which runs a row program (program.h) on all threads.

#include <stdint.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "operations.h"
#include "program.h"
#include "threads.h"

namespace medctc {

void RunTilesPlain(const Program&, const void* const*, void* const*, int64_t, int64_t, float*);
#if defined(__x86_64__)
void RunTilesAvx2(const Program&, const void* const*, void* const*, int64_t, int64_t, float*);
void RunTilesAvx512(const Program&, const void* const*, void* const*, int64_t, int64_t, float*);
#endif

namespace {

RunTiles FastestHere() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return RunTilesAvx512;
  if (avx2) return RunTilesAvx2;
#endif
  return RunTilesPlain;
}

// A program as it stands in a graph, with the memory that its parts are in.
struct Kernel {
  Program program;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<Value> values;
  std::vector<Instruction> instructions;
  std::vector<float> constants;
};

// Reads numbers one after the other; past the end, and where one is out of its range, it says so and gives 0.
class Reader {
 public:
  explicit Reader(const std::vector<int64_t>& numbers) : numbers_(numbers) {}

  int64_t Below(int64_t limit) {
    if (next_ < numbers_.size() && numbers_[next_] >= 0 && numbers_[next_] < limit) return numbers_[next_++];
    is_right_ = false;
    return 0;
  }
  int64_t Size() { return Below(int64_t{1} << 40); }
  // How many parts follow, each of which takes a number or more.
  int64_t Count() { return Below(static_cast<int64_t>(numbers_.size())); }
  bool IsWhole() const { return is_right_ && next_ == numbers_.size(); }
  bool is_right() const { return is_right_; }

 private:
  const std::vector<int64_t>& numbers_;
  size_t next_ = 0;
  bool is_right_ = true;
};

bool Decode(const std::vector<int64_t>& numbers, Kernel& kernel) {
  Reader reader(numbers);
  Program& program = kernel.program;
  program.rows = reader.Size();
  program.columns = reader.Size();
  program.whole_rows = reader.Below(2) == 1;
  program.slots = reader.Count();
  program.input_count = reader.Count();
  program.output_count = reader.Count();
  program.value_count = reader.Count();
  program.instruction_count = reader.Count();
  for (int64_t each = 0; each < program.input_count && reader.is_right(); each++) {
    Input input = {};
    input.type = static_cast<Type>(reader.Below(3));
    input.kind = static_cast<Kind>(reader.Below(4));
    input.contiguous = reader.Below(2) == 1;
    input.rank = reader.Below(kMaxRank + 1);
    for (int64_t axis = 0; axis < input.rank; axis++) {
      input.sizes[axis] = reader.Size();
      input.strides[axis] = reader.Size();
    }
    kernel.inputs.push_back(input);
  }
  for (int64_t each = 0; each < program.output_count && reader.is_right(); each++) {
    Output output = {};
    output.type = static_cast<Type>(reader.Below(3));
    output.kind = static_cast<Kind>(reader.Below(4));
    output.rank = reader.Below(kMaxRank + 1);
    for (int64_t axis = 0; axis < output.rank; axis++) output.shape[axis] = reader.Size();
    kernel.outputs.push_back(output);
  }
  for (int64_t each = 0; each < program.value_count && reader.is_right(); each++) {
    Value value;
    value.kind = static_cast<Kind>(reader.Below(4));
    value.place = static_cast<Place>(reader.Below(4));
    const int64_t limits[] = {program.slots, program.input_count, program.output_count,
                              static_cast<int64_t>(kernel.constants.size())};
    value.index = reader.Below(limits[static_cast<int64_t>(value.place)]);
    kernel.values.push_back(value);
  }
  for (int64_t each = 0; each < program.instruction_count && reader.is_right(); each++) {
    Instruction instruction;
    instruction.opcode = static_cast<Opcode>(reader.Below(static_cast<int64_t>(Opcode::count)));
    const bool stores = instruction.opcode == Opcode::store, loads = instruction.opcode == Opcode::load;
    instruction.result = reader.Below(stores ? program.output_count : program.value_count);
    for (int64_t& operand : instruction.operands) operand = reader.Below(loads ? program.input_count : program.value_count);
    kernel.instructions.push_back(instruction);
  }
  program.inputs = kernel.inputs.data();
  program.outputs = kernel.outputs.data();
  program.values = kernel.values.data();
  program.instructions = kernel.instructions.data();
  program.constants = kernel.constants.data();
  return reader.IsWhole();
}

void* Create(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  auto kernel = std::make_unique<Kernel>();
  int32_t length = 0, total = 0;
  TF_OpKernelConstruction_GetAttrSize(construction, "constants", &length, &total, status);
  if (TF_GetCode(status) == TF_OK) {
    kernel->constants.resize(length < 0 ? 0 : length);
    TF_OpKernelConstruction_GetAttrFloatList(construction, "constants", kernel->constants.data(), length, status);
  }
  std::vector<int64_t> numbers;
  if (TF_GetCode(status) == TF_OK)
    TF_OpKernelConstruction_GetAttrSize(construction, "program", &length, &total, status);
  if (TF_GetCode(status) == TF_OK) {
    numbers.resize(length < 0 ? 0 : length);
    TF_OpKernelConstruction_GetAttrInt64List(construction, "program", numbers.data(), length, status);
  }
  if (TF_GetCode(status) == TF_OK && !Decode(numbers, *kernel))
    TF_SetStatus(status, TF_INVALID_ARGUMENT, "a row program is damaged");
  const bool is_right = TF_GetCode(status) == TF_OK;
  if (!is_right) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return is_right ? kernel.release() : nullptr;
}

void Delete(void* kernel) { delete static_cast<Kernel*>(kernel); }

size_t SizeOf(Type type) { return type == Type::f32 ? 4 : type == Type::bf16 ? 2 : 1; }

TF_DataType DtypeOf(Type type) { return type == Type::f32 ? TF_FLOAT : type == Type::bf16 ? TF_BFLOAT16 : TF_BOOL; }

// Numbers that a program may read of an input.
int64_t Reach(const Input& input, const Program& program) {
  if (!input.contiguous) {
    int64_t last = input.kind == Kind::full ? program.columns : 1;
    for (int64_t axis = 0; axis < input.rank; axis++) last += (input.sizes[axis] - 1) * input.strides[axis];
    return last;
  }
  switch (input.kind) {
    case Kind::full: return program.rows * program.columns;
    case Kind::row: return program.rows;
    case Kind::column: return program.columns;
    case Kind::scalar: return 1;
  }
  return 0;
}

void Compute(void* state, TF_OpKernelContext* context) {
  const Program& program = static_cast<Kernel*>(state)->program;
  std::unique_ptr<TF_Status, void (*)(TF_Status*)> status(TF_NewStatus(), TF_DeleteStatus);
  Tensors tensors;
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (int64_t each = 0; each < program.input_count; each++) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context, static_cast<int>(each), &tensor, status.get());
    if (TF_GetCode(status.get()) != TF_OK) return TF_OpKernelContext_Failure(context, status.get());
    tensors.all.push_back(tensor);
    const Input& input = program.inputs[each];
    if (TF_TensorType(tensor) != DtypeOf(input.type) || TF_TensorElementCount(tensor) < Reach(input, program)) {
      TF_SetStatus(status.get(), TF_INVALID_ARGUMENT, "an input is not as a row program expects it");
      return TF_OpKernelContext_Failure(context, status.get());
    }
    inputs.push_back(TF_TensorData(tensor));
  }
  for (int64_t each = 0; each < program.output_count; each++) {
    const Output& output = program.outputs[each];
    size_t bytes = SizeOf(output.type);
    for (int64_t axis = 0; axis < output.rank; axis++) bytes *= output.shape[axis];
    TF_Tensor* tensor =
        TF_AllocateOutput(context, static_cast<int>(each), DtypeOf(output.type), output.shape,
                          static_cast<int>(output.rank), bytes, status.get());
    if (TF_GetCode(status.get()) != TF_OK) return TF_OpKernelContext_Failure(context, status.get());
    tensors.all.push_back(tensor);
    outputs.push_back(TF_TensorData(tensor));
  }
  static const RunTiles run = FastestHere();
  const Tiling tiling = TilingOf(program);
  // Some pieces for each thread, so that one that began late has less to do. A few tiles are not worth waking anyone.
  constexpr int64_t kNumbersWorthAThread = 32 * 1024;
  Pool& pool = Pool::Here();
  const bool is_small = program.rows * program.columns < kNumbersWorthAThread;
  const int64_t pieces = is_small ? 1 : std::min<int64_t>(tiling.count, pool.size() * 8);
  std::atomic<int64_t> next{0};
  auto work = [&] {
    static thread_local Scratch scratch;
    float* const slots = scratch.For(program.slots * tiling.slot_size);
    for (int64_t piece = next++; piece < pieces; piece = next++)
      run(program, inputs.data(), outputs.data(), tiling.count * piece / pieces, tiling.count * (piece + 1) / pieces,
          slots);
  };
  if (pieces == 1) {
    work();
  } else {
    pool.Run(work);
  }
}

}  // namespace

std::string RegisterRows() {
  return Register({"MedctcRows",
                   {"Tin: list({float, bfloat16, bool}) >= 0", "Tout: list({float, bfloat16, bool}) >= 1",
                    "program: list(int)", "constants: list(float)"},
                   {"inputs: Tin"},
                   "outputs: Tout",
                   Create,
                   Compute,
                   Delete});
}

}  // namespace medctc
