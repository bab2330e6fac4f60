// The operation MedctcProduct of TensorFlow's graphs: a product of matrices (product.h) on all threads, in batches or not, with
// the attributes of TensorFlow's BatchMatMulV2. One matrix `b` for all rows of `a` is one product.

#include <stdint.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "operations.h"
#include "product.h"
#include "threads.h"

namespace medctc {

namespace {

struct Transposed {
  bool a, b;
};

// Products of matrices one after the other, and where each begins, in numbers from the first.
struct Batch {
  Product product;
  std::vector<int64_t> a, b;
  std::vector<int64_t> shape;
};

std::vector<int64_t> ShapeOf(const TF_Tensor* tensor) {
  std::vector<int64_t> shape;
  for (int axis = 0; axis < TF_NumDims(tensor); axis++) shape.push_back(TF_Dim(tensor, axis));
  return shape;
}

Matrix MatrixOf(const TF_Tensor* tensor, bool is_transposed) {
  const int64_t columns = TF_Dim(tensor, TF_NumDims(tensor) - 1);
  const bool is_bf16 = TF_TensorType(tensor) == TF_BFLOAT16;
  return {TF_TensorData(tensor), is_bf16, is_transposed ? 1 : columns, is_transposed ? columns : 1};
}

// Where each matrix of a batch begins in a tensor whose axes may be repeated, and whether its axes fit.
bool Starts(const std::vector<int64_t>& batch, const std::vector<int64_t>& shape, std::vector<int64_t>& starts) {
  starts.assign(1, 0);
  int64_t size = shape[shape.size() - 1] * shape[shape.size() - 2];
  std::vector<int64_t> strides(batch.size(), 0);
  for (size_t back = 1; back <= batch.size(); back++) {
    const int64_t own = back + 2 <= shape.size() ? shape[shape.size() - 2 - back] : 1;
    const int64_t wanted = batch[batch.size() - back];
    if (own != 1 && own != wanted) return false;
    strides[batch.size() - back] = own == 1 ? 0 : size;
    size *= own;
  }
  for (size_t axis = 0; axis < batch.size(); axis++) {
    std::vector<int64_t> next;
    for (const int64_t start : starts)
      for (int64_t at = 0; at < batch[axis]; at++) next.push_back(start + at * strides[axis]);
    starts = std::move(next);
  }
  return true;
}

// False where two tensors have no product.
bool Describe(const TF_Tensor* a, const TF_Tensor* b, Transposed transposed, Batch& found) {
  const std::vector<int64_t> left = ShapeOf(a), right = ShapeOf(b);
  if (left.size() < 2 || right.size() < 2 || TF_TensorType(a) != TF_TensorType(b)) return false;
  Product& product = found.product;
  product.a = MatrixOf(a, transposed.a);
  product.b = MatrixOf(b, transposed.b);
  const int64_t a_last = left[left.size() - 1], a_other = left[left.size() - 2];
  const int64_t b_last = right[right.size() - 1], b_other = right[right.size() - 2];
  product.rows = transposed.a ? a_last : a_other;
  product.inner = transposed.a ? a_other : a_last;
  product.columns = transposed.b ? b_other : b_last;
  product.is_bf16 = product.a.is_bf16;
  if (product.inner != (transposed.b ? b_last : b_other)) return false;
  std::vector<int64_t> batch;
  const size_t rank = std::max(left.size(), right.size());
  for (size_t back = rank; back > 2; back--) {
    const int64_t mine = back <= left.size() ? left[left.size() - back] : 1;
    const int64_t other = back <= right.size() ? right[right.size() - back] : 1;
    batch.push_back(mine == 1 ? other : mine);
  }
  found.shape = batch;
  found.shape.push_back(product.rows);
  found.shape.push_back(product.columns);
  if (right.size() == 2 && !transposed.a) {
    for (const int64_t size : batch) product.rows *= size;
    batch.clear();
  }
  return Starts(batch, batch.empty() ? std::vector<int64_t>{product.rows, product.inner} : left, found.a) &&
         Starts(batch, right, found.b);
}

// The matrices of a batch one by one; each element's numbers are read and written from where it begins.
Product At(const Batch& batch, size_t index) {
  Product product = batch.product;
  const int64_t size = product.a.is_bf16 ? 2 : 4;
  product.a.data = static_cast<const char*>(product.a.data) + batch.a[index] * size;
  product.b.data = static_cast<const char*>(product.b.data) + batch.b[index] * size;
  product.result = static_cast<char*>(product.result) + static_cast<int64_t>(index) * product.rows * product.columns * size;
  return product;
}

// More packed numbers than that would only push each other out of the processor's last cache. Of a long inner axis there are more,
// since the rows are packed anew for each block of panels; but no more than four times as many.
constexpr int64_t kMostPacked = int64_t{4} << 20;

int64_t PanelsAtOnce(const Product& product) {
  const int64_t panel = std::max<int64_t>(1, product.inner * kPanel);
  const int64_t least = std::clamp<int64_t>(4 * kMostPacked / panel, 1, 8);
  return std::min(PanelsOf(product.columns), std::max(least, kMostPacked / panel));
}

// One product by the thread that calls.
void MultiplyAlone(const Product& product) {
  static thread_local Scratch packed, scratch;
  const int64_t at_once = PanelsAtOnce(product);
  float* const panels = packed.For(PackedSize(product.inner, at_once));
  float* const own = scratch.For(ScratchSize(product, at_once));
  for (int64_t first = 0; first < PanelsOf(product.columns); first += at_once) {
    const int64_t count = std::min(at_once, PanelsOf(product.columns) - first);
    PackPanels(product, {first, 0, count}, panels);
    MultiplyRows(product, {first, 0, count}, panels, 0, product.rows, own);
  }
}

// One product by all threads: they pack `b` together, and then take pieces of the result.
void MultiplyTogether(const Product& product, Pool& pool) {
  // One product runs at a time, whoever calls.
  static std::mutex packing;
  static Scratch packed;
  std::lock_guard<std::mutex> lock(packing);
  const int64_t at_once = PanelsAtOnce(product);
  float* const panels = packed.For(PackedSize(product.inner, at_once));
  for (int64_t first = 0; first < PanelsOf(product.columns); first += at_once) {
    const int64_t count = std::min(at_once, PanelsOf(product.columns) - first);
    std::atomic<int64_t> next_panel{0}, next_piece{0};
    const int64_t packs = std::min<int64_t>(count, pool.size() * 4);
    pool.Run([&] {
      for (int64_t pack = next_panel++; pack < packs; pack = next_panel++)
        PackPanels(product, {first, count * pack / packs, count * (pack + 1) / packs}, panels);
    });
    // A few pieces for each thread, so that one that began late has less to do; of few rows, the columns are cut as well.
    const int64_t down = (product.rows + kRowsAtOnce - 1) / kRowsAtOnce;
    const int64_t wanted = pool.size() * 4;
    const int64_t across = std::min((wanted + down - 1) / down, std::max<int64_t>(1, count / 4));
    pool.Run([&] {
      static thread_local Scratch scratch;
      float* const own = scratch.For(ScratchSize(product, (count + across - 1) / across));
      for (int64_t piece = next_piece++; piece < down * across; piece = next_piece++) {
        const int64_t row = piece / across * kRowsAtOnce, part = piece % across;
        MultiplyRows(product, {first, count * part / across, count * (part + 1) / across}, panels, row,
                     std::min(row + kRowsAtOnce, product.rows), own);
      }
    });
  }
}

void Multiply(const Batch& batch) {
  Pool& pool = Pool::Here();
  const int64_t count = static_cast<int64_t>(batch.a.size());
  const Product& product = batch.product;
  // What takes some ten microseconds is not worth waking anyone.
  constexpr double kWorthAThread = 1 << 20;
  const double work = static_cast<double>(product.rows) * product.columns * product.inner;
  if (work * count < kWorthAThread) {
    for (int64_t each = 0; each < count; each++) MultiplyAlone(At(batch, each));
  } else if (count < pool.size() * 2) {
    for (int64_t each = 0; each < count; each++) MultiplyTogether(At(batch, each), pool);
  } else {
    std::atomic<int64_t> next{0};
    pool.Run([&] {
      for (int64_t each = next++; each < count; each = next++) MultiplyAlone(At(batch, each));
    });
  }
}

void* Create(TF_OpKernelConstruction* construction) {
  const Status status = NewStatus();
  unsigned char a = 0, b = 0;
  TF_OpKernelConstruction_GetAttrBool(construction, "adj_x", &a, status.get());
  if (TF_GetCode(status.get()) == TF_OK) TF_OpKernelConstruction_GetAttrBool(construction, "adj_y", &b, status.get());
  if (TF_GetCode(status.get()) == TF_OK) return new Transposed{a != 0, b != 0};
  TF_OpKernelConstruction_Failure(construction, status.get());
  return nullptr;
}

void Delete(void* transposed) { delete static_cast<Transposed*>(transposed); }

void Compute(void* state, TF_OpKernelContext* context) {
  const Status status = NewStatus();
  Tensors tensors;
  for (int each = 0; each < 2; each++) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context, each, &tensor, status.get());
    if (TF_GetCode(status.get()) != TF_OK) return TF_OpKernelContext_Failure(context, status.get());
    tensors.all.push_back(tensor);
  }
  Batch batch;
  if (!Describe(tensors.all[0], tensors.all[1], *static_cast<Transposed*>(state), batch)) {
    TF_SetStatus(status.get(), TF_INVALID_ARGUMENT, "two tensors have no product");
    return TF_OpKernelContext_Failure(context, status.get());
  }
  const TF_DataType type = batch.product.is_bf16 ? TF_BFLOAT16 : TF_FLOAT;
  size_t bytes = batch.product.is_bf16 ? 2 : 4;
  for (const int64_t size : batch.shape) bytes *= size;
  TF_Tensor* result = TF_AllocateOutput(context, 0, type, batch.shape.data(), static_cast<int>(batch.shape.size()), bytes,
                                        status.get());
  if (TF_GetCode(status.get()) != TF_OK) return TF_OpKernelContext_Failure(context, status.get());
  tensors.all.push_back(result);
  batch.product.result = TF_TensorData(result);
  if (bytes > 0) Multiply(batch);
}

}  // namespace

bool HasProducts() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#else
  return true;
#endif
}

bool HasFasterProducts() {
#if defined(__x86_64__)
  return HasProducts() && !__builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

std::string RegisterProducts() {
  return Register({"MedctcProduct",
                   {"T: {float, bfloat16}", "adj_x: bool", "adj_y: bool"},
                   {"x: T", "y: T"},
                   "output: T",
                   Create,
                   Compute,
                   Delete});
}

}  // namespace medctc
