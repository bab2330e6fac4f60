// A product of matrices, as product_op.cc gives it to product.cc.

#ifndef MEDCTC_KERNELS_PRODUCT_H_
#define MEDCTC_KERNELS_PRODUCT_H_

#include <cstdint>

namespace medctc {

// A matrix in f32 or bf16, whose numbers are `row_stride` and `column_stride` numbers apart.
struct Matrix {
  const void* data;
  bool is_bf16;
  int64_t row_stride, column_stride;
};

// `a` of rows x inner times `b` of inner x columns, into rows x columns that follow each other. It is computed in f32, each
// number as a sum over the inner axis in an order that nothing else decides, and rounded last where the result is bf16.
struct Product {
  int64_t rows, columns, inner;
  Matrix a, b;
  void* result;
  bool is_bf16;
};

// What one thread multiplies at a time: so many rows, and a part of the inner axis.
constexpr int64_t kRowsAtOnce = 72;
constexpr int64_t kInnerAtOnce = 512;

// `b` is packed in panels of so many columns, the last of them filled up with zeros.
constexpr int64_t kPanel = 16;

inline int64_t PanelsOf(int64_t columns) { return (columns + kPanel - 1) / kPanel; }

// Panels that lie packed one after the other: the first of them, and those that are meant, counted from it.
struct Panels {
  int64_t first, from, to;
};

// Numbers that packed panels have, and those that a thread needs beside them.
inline int64_t PackedSize(int64_t inner, int64_t panels) { return inner * panels * kPanel; }
inline int64_t ScratchSize(const Product& product, int64_t panels) {
  return kRowsAtOnce * kInnerAtOnce + (product.is_bf16 ? kRowsAtOnce * panels * kPanel : 0);
}

void PackPanels(const Product& product, Panels panels, float* packed);

// Writes what the rows `from_row` to `to_row` have in the columns of packed panels.
void MultiplyRows(const Product& product, Panels panels, const float* packed, int64_t from_row, int64_t to_row,
                  float* scratch);

// Whether this processor has what product.cc is compiled for, and whether TensorFlow's own products are known to be slower on it:
// oneDNN's are where there are vectors of 256 bits and no longer ones.
bool HasProducts();
bool HasFasterProducts();

}  // namespace medctc

#endif  // MEDCTC_KERNELS_PRODUCT_H_
