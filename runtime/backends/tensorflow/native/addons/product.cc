// Products of matrices: as Goto and van de Geijn (Anatomy of high-performance matrix multiplication, 2008) and BLIS lay them out,
// panels of 6 rows times panels of 16 columns, whose sums stay in the registers that processors with AVX2 have.

#include "product.h"

#include <stdint.h>

#include <algorithm>

#include "functions.h"

namespace medctc {

namespace {

typedef float Vector __attribute__((vector_size(32)));
// The same where it may lie anywhere.
typedef float Unaligned __attribute__((vector_size(32), aligned(4)));
constexpr int64_t kVectorSize = 8;
static_assert(kPanel == 2 * kVectorSize, "a panel has two vectors");

constexpr int64_t kRows = 6;
static_assert(kRowsAtOnce % kRows == 0, "pieces have whole panels");

Unaligned& At(float* place) { return *reinterpret_cast<Unaligned*>(place); }
Vector At(const float* place) { return *reinterpret_cast<const Unaligned*>(place); }

float Widened(float number) { return number; }

Vector Load(const float* from) { return At(from); }
Vector Load(const uint16_t* from) {
  Vector vector;
  for (int lane = 0; lane < kVectorSize; lane++) vector[lane] = Widened(from[lane]);
  return vector;
}

// Eight rows of eight become columns.
void Transpose(Vector (&rows)[8]) {
  typedef int Lanes __attribute__((vector_size(32)));
  const auto both = [](Vector x, Vector y, Lanes lanes) { return __builtin_shuffle(x, y, lanes); };
  Vector pairs[8], fours[8];
  for (int each = 0; each < 8; each += 2) {
    pairs[each] = both(rows[each], rows[each + 1], Lanes{0, 8, 1, 9, 4, 12, 5, 13});
    pairs[each + 1] = both(rows[each], rows[each + 1], Lanes{2, 10, 3, 11, 6, 14, 7, 15});
  }
  for (int each = 0; each < 8; each += 4) {
    for (int half = 0; half < 2; half++) {
      fours[each + 2 * half] = both(pairs[each + half], pairs[each + half + 2], Lanes{0, 1, 8, 9, 4, 5, 12, 13});
      fours[each + 2 * half + 1] = both(pairs[each + half], pairs[each + half + 2], Lanes{2, 3, 10, 11, 6, 7, 14, 15});
    }
  }
  for (int each = 0; each < 4; each++) {
    rows[each] = both(fours[each], fours[each + 4], Lanes{0, 1, 2, 3, 8, 9, 10, 11});
    rows[each + 4] = both(fours[each], fours[each + 4], Lanes{4, 5, 6, 7, 12, 13, 14, 15});
  }
}

// Packs a panel of `width` rows, or columns, that are `across` apart: `Width` numbers for each step along the inner axis, with
// zeros for those that are not there.
template <int64_t Width, class Number>
void PackPanel(const Number* from, int64_t across, int64_t along, int64_t width, int64_t inner, float* to) {
  int64_t step = 0;
  // In eights where it reads what lies side by side along the inner axis. A store may run over into the next step's place.
  if (width == Width && along == 1) {
    for (; step + kVectorSize + 1 <= inner; step += kVectorSize) {
      for (int64_t part = 0; part < Width; part += kVectorSize) {
        Vector rows[8] = {};
        for (int64_t each = 0; each < std::min<int64_t>(kVectorSize, Width - part); each++)
          rows[each] = Load(from + (part + each) * across + step);
        Transpose(rows);
        for (int64_t each = 0; each < kVectorSize; each++) At(to + (step + each) * Width + part) = rows[each];
      }
    }
  }
  for (; step < inner; step++)
    for (int64_t each = 0; each < Width; each++)
      to[step * Width + each] = each < width ? Widened(from[each * across + step * along]) : 0.0f;
}

template <int64_t Width>
void PackPanel(const Matrix& matrix, int64_t at, int64_t across, int64_t along, int64_t width, int64_t inner, float* to) {
  if (matrix.is_bf16)
    PackPanel<Width>(static_cast<const uint16_t*>(matrix.data) + at, across, along, width, inner, to);
  else
    PackPanel<Width>(static_cast<const float*>(matrix.data) + at, across, along, width, inner, to);
}

// 6 rows times 16 columns, which are added to `sums` or, at first, written there; its rows are `stride` numbers apart.
inline void MultiplyPanels(int64_t inner, const float* a, const float* b, float* sums, int64_t stride, bool is_first) {
  Vector left[kRows] = {}, right[kRows] = {};
#pragma GCC unroll 6
  for (int64_t row = 0; row < kRows; row++) __builtin_prefetch(sums + row * stride, 1);
#pragma GCC unroll 4
  for (int64_t step = 0; step < inner; step++, a += kRows, b += kPanel) {
    const Vector b_left = At(b), b_right = At(b + kVectorSize);
    __builtin_prefetch(b + 8 * kPanel);
#pragma GCC unroll 6
    for (int64_t row = 0; row < kRows; row++) {
      const Vector number = a[row] - Vector{};
      left[row] += number * b_left;
      right[row] += number * b_right;
    }
  }
#pragma GCC unroll 6
  for (int64_t row = 0; row < kRows; row++) {
    float* to = sums + row * stride;
    At(to) = is_first ? left[row] : At(static_cast<const float*>(to)) + left[row];
    At(to + kVectorSize) = is_first ? right[row] : At(static_cast<const float*>(to + kVectorSize)) + right[row];
  }
}

// Where sums of some rows are kept: in the result itself, or in memory of their own until they are rounded.
struct Sums {
  float* at;
  int64_t stride;
  // Whether there is room for panels that are not full.
  bool has_margin;
};

// Rows and panels of one part of the inner axis.
void MultiplyPart(const float* a, const float* b, int64_t b_apart, int64_t inner, int64_t rows, int64_t columns,
                  const Sums& sums, bool is_first) {
  for (int64_t column = 0; column < columns; column += kPanel, b += b_apart) {
    const int64_t width = std::min(kPanel, columns - column);
    for (int64_t row = 0; row < rows; row += kRows) {
      const int64_t height = std::min(kRows, rows - row);
      float* to = sums.at + row * sums.stride + column;
      if (sums.has_margin || (width == kPanel && height == kRows)) {
        MultiplyPanels(inner, a + row * inner, b, to, sums.stride, is_first);
        continue;
      }
      alignas(32) float edge[kRows * kPanel];
      MultiplyPanels(inner, a + row * inner, b, edge, kPanel, true);
      for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) {
          const float sum = edge[y * kPanel + x];
          to[y * sums.stride + x] = is_first ? sum : to[y * sums.stride + x] + sum;
        }
      }
    }
  }
}

// Packs panels of what lies side by side along the columns: step by step, so that memory is read as it lies.
template <class Number>
void PackRows(const Number* from, int64_t along, int64_t columns, int64_t inner, float* to) {
  for (int64_t step = 0; step < inner; step++, from += along) {
    for (int64_t column = 0; column < columns; column += kPanel) {
      float* panel = to + column * inner + step * kPanel;
      const int64_t width = std::min(kPanel, columns - column);
      if (width == kPanel) {
        At(panel) = Load(from + column);
        At(panel + kVectorSize) = Load(from + column + kVectorSize);
        continue;
      }
      for (int64_t each = 0; each < kPanel; each++) panel[each] = each < width ? Widened(from[column + each]) : 0.0f;
    }
  }
}

}  // namespace

void PackPanels(const Product& product, Panels panels, float* packed) {
  const Matrix& b = product.b;
  if (b.column_stride == 1) {
    const int64_t column = (panels.first + panels.from) * kPanel;
    const int64_t columns = std::min((panels.to - panels.from) * kPanel, product.columns - column);
    float* const to = packed + panels.from * product.inner * kPanel;
    if (b.is_bf16)
      PackRows(static_cast<const uint16_t*>(b.data) + column, b.row_stride, columns, product.inner, to);
    else
      PackRows(static_cast<const float*>(b.data) + column, b.row_stride, columns, product.inner, to);
    return;
  }
  for (int64_t panel = panels.from; panel < panels.to; panel++) {
    const int64_t column = (panels.first + panel) * kPanel;
    PackPanel<kPanel>(b, column * b.column_stride, b.column_stride, b.row_stride, std::min(kPanel, product.columns - column),
                      product.inner, packed + panel * product.inner * kPanel);
  }
}

void MultiplyRows(const Product& product, Panels panels, const float* packed, int64_t from_row, int64_t to_row,
                  float* scratch) {
  const Matrix& a = product.a;
  const int64_t inner = product.inner;
  const int64_t column = (panels.first + panels.from) * kPanel;
  const int64_t columns = std::min((panels.to - panels.from) * kPanel, product.columns - column);
  // Parts of one size. Where there is nothing to sum, one of them writes zeros.
  const int64_t parts = std::max<int64_t>(1, (inner + kInnerAtOnce - 1) / kInnerAtOnce);
  const int64_t part = (inner + parts - 1) / parts;
  float* const own = scratch + kRowsAtOnce * kInnerAtOnce;
  for (int64_t row = from_row; row < to_row; row += kRowsAtOnce) {
    const int64_t rows = std::min(kRowsAtOnce, to_row - row);
    const int64_t start = row * product.columns + column;
    const Sums sums = product.is_bf16
                          ? Sums{own, (panels.to - panels.from) * kPanel, true}
                          : Sums{static_cast<float*>(product.result) + start, product.columns, false};
    for (int64_t each = 0; each < parts; each++) {
      const int64_t from = std::min(each * part, inner), size = std::min(part, inner - from);
      for (int64_t y = 0; y < rows; y += kRows)
        PackPanel<kRows>(a, (row + y) * a.row_stride + from * a.column_stride, a.row_stride, a.column_stride,
                         std::min(kRows, rows - y), size, scratch + y * size);
      MultiplyPart(scratch, packed + (panels.from * inner + from) * kPanel, inner * kPanel, size, rows, columns, sums,
                   each == 0);
    }
    if (!product.is_bf16) continue;
    for (int64_t y = 0; y < rows; y++) {
      uint16_t* to = static_cast<uint16_t*>(product.result) + start + y * product.columns;
      for (int64_t x = 0; x < columns; x++) to[x] = static_cast<uint16_t>(Narrowed(sums.at[y * sums.stride + x]));
    }
  }
}

}  // namespace medctc
