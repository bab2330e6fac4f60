// Runs tiles of a row program. Compiled once for each instruction set, with MEDCTC_RUN_TILES as the function's name; it uses
// nothing from the standard library that a linker could share between them.

#include <math.h>
#include <stdint.h>

#include "functions.h"
#include "program.h"

namespace medctc {
namespace {

struct Tile {
  int64_t row, column, rows, columns;

  int64_t Count(Kind kind) const {
    switch (kind) {
      case Kind::full: return rows * columns;
      case Kind::row: return rows;
      case Kind::column: return columns;
      case Kind::scalar: return 1;
    }
    return 0;
  }
};

struct Operand {
  const float* data;
  Kind kind;

  // Whether its numbers follow the result's one by one, or are one for all of them.
  bool IsFlat(Kind result, const Tile& tile) const {
    if (kind == result || kind == Kind::scalar) return true;
    return tile.rows == 1 && (kind == Kind::column || kind == Kind::row);
  }
  int64_t FlatStride(Kind result, const Tile& tile) const {
    if (kind == result) return 1;
    return tile.rows == 1 && kind == Kind::column ? 1 : 0;
  }
  const float* Row(int64_t row, const Tile& tile) const {
    if (kind == Kind::full) return data + row * tile.columns;
    return kind == Kind::row ? data + row : data;
  }
  int64_t RowStride() const { return kind == Kind::full || kind == Kind::column ? 1 : 0; }
};

inline float Chosen(float condition, float a, float b) { return condition != 0.0f ? a : b; }

template <class F>
inline void Unary(float* d, const float* a, int64_t n, F f) {
  MEDCTC_EACH(n) d[i] = f(a[i]);
}

template <class F>
inline void Strided(float* d, const float* a, int64_t sa, const float* b, int64_t sb, int64_t n, F f) {
  if (sa == 1 && sb == 1) {
    MEDCTC_EACH(n) d[i] = f(a[i], b[i]);
  } else if (sa == 1) {
    const float y = *b;
    MEDCTC_EACH(n) d[i] = f(a[i], y);
  } else if (sb == 1) {
    const float x = *a;
    MEDCTC_EACH(n) d[i] = f(x, b[i]);
  } else {
    const float both = f(*a, *b);
    MEDCTC_EACH(n) d[i] = both;
  }
}

template <class F>
inline void Binary(float* d, Kind kind, const Operand& a, const Operand& b, const Tile& tile, F f) {
  if (a.IsFlat(kind, tile) && b.IsFlat(kind, tile)) {
    Strided(d, a.data, a.FlatStride(kind, tile), b.data, b.FlatStride(kind, tile), tile.Count(kind), f);
    return;
  }
  for (int64_t row = 0; row < tile.rows; row++)
    Strided(d + row * tile.columns, a.Row(row, tile), a.RowStride(), b.Row(row, tile), b.RowStride(), tile.columns, f);
}

inline void Select(float* d, const float* c, int64_t sc, const float* a, int64_t sa, const float* b, int64_t sb, int64_t n) {
  if (sc == 0) {
    const float* chosen = *c != 0.0f ? a : b;
    const int64_t step = *c != 0.0f ? sa : sb;
    MEDCTC_EACH(n) d[i] = chosen[i * step];
  } else if (sa == 1 && sb == 1) {
    MEDCTC_EACH(n) d[i] = Chosen(c[i], a[i], b[i]);
  } else if (sa == 1) {
    const float y = *b;
    MEDCTC_EACH(n) d[i] = Chosen(c[i], a[i], y);
  } else if (sb == 1) {
    const float x = *a;
    MEDCTC_EACH(n) d[i] = Chosen(c[i], x, b[i]);
  } else {
    const float x = *a, y = *b;
    MEDCTC_EACH(n) d[i] = Chosen(c[i], x, y);
  }
}

inline void Where(float* d, Kind kind, const Operand& c, const Operand& a, const Operand& b, const Tile& tile) {
  if (c.IsFlat(kind, tile) && a.IsFlat(kind, tile) && b.IsFlat(kind, tile)) {
    Select(d, c.data, c.FlatStride(kind, tile), a.data, a.FlatStride(kind, tile), b.data, b.FlatStride(kind, tile),
           tile.Count(kind));
    return;
  }
  for (int64_t row = 0; row < tile.rows; row++)
    Select(d + row * tile.columns, c.Row(row, tile), c.RowStride(), a.Row(row, tile), a.RowStride(), b.Row(row, tile),
           b.RowStride(), tile.columns);
}

// Where the numbers of a tile begin in a tensor whose rows follow each other.
inline int64_t StartOf(Kind kind, const Tile& tile, int64_t columns) {
  switch (kind) {
    case Kind::full: return tile.row * columns + tile.column;
    case Kind::row: return tile.row;
    case Kind::column: return tile.column;
    case Kind::scalar: return 0;
  }
  return 0;
}

inline void Widen(float* d, const void* data, Type type, int64_t from, int64_t n) {
  switch (type) {
    case Type::f32: {
      const float* a = static_cast<const float*>(data) + from;
      MEDCTC_EACH(n) d[i] = a[i];
      return;
    }
    case Type::bf16: {
      const uint16_t* a = static_cast<const uint16_t*>(data) + from;
      MEDCTC_EACH(n) d[i] = Widened(a[i]);
      return;
    }
    case Type::boolean: {
      const uint8_t* a = static_cast<const uint8_t*>(data) + from;
      MEDCTC_EACH(n) d[i] = a[i] != 0 ? 1.0f : 0.0f;
      return;
    }
  }
}

inline void Narrow(void* data, Type type, int64_t to, const float* a, int64_t n) {
  switch (type) {
    case Type::f32: {
      float* d = static_cast<float*>(data) + to;
      MEDCTC_EACH(n) d[i] = a[i];
      return;
    }
    case Type::bf16: {
      uint16_t* d = static_cast<uint16_t*>(data) + to;
      MEDCTC_EACH(n) d[i] = static_cast<uint16_t>(Narrowed(a[i]));
      return;
    }
    case Type::boolean: {
      uint8_t* d = static_cast<uint8_t*>(data) + to;
      MEDCTC_EACH(n) d[i] = a[i] != 0.0f ? 1 : 0;
      return;
    }
  }
}

// Where a row of an input begins whose rows do not follow each other.
inline int64_t RowOffset(const Input& input, int64_t row) {
  int64_t offset = 0;
  for (int64_t axis = input.rank - 1; axis >= 0; axis--) {
    offset += row % input.sizes[axis] * input.strides[axis];
    row /= input.sizes[axis];
  }
  return offset;
}

inline void Load(float* d, const Input& input, const void* data, const Tile& tile, int64_t columns) {
  if (input.contiguous) {
    const int64_t start = StartOf(input.kind, tile, columns);
    if (input.kind != Kind::full || tile.columns == columns || tile.rows == 1) {
      Widen(d, data, input.type, start, tile.Count(input.kind));
      return;
    }
  }
  const int64_t width = input.kind == Kind::full ? tile.columns : 1;
  const int64_t from = input.kind == Kind::full ? tile.column : 0;
  for (int64_t row = 0; row < tile.rows; row++)
    Widen(d + row * width, data, input.type, RowOffset(input, tile.row + row) + from, width);
}

inline void RunTile(const Program& program, const void* const* inputs, void* const* outputs, const Tile& tile,
                    int64_t slot_size, float* scratch) {
  auto pointer = [&](int64_t index) -> float* {
    const Value& value = program.values[index];
    switch (value.place) {
      case Place::slot: return scratch + value.index * slot_size;
      case Place::input:
        return const_cast<float*>(static_cast<const float*>(inputs[value.index])) +
               StartOf(value.kind, tile, program.columns);
      case Place::output: return static_cast<float*>(outputs[value.index]) + StartOf(value.kind, tile, program.columns);
      case Place::constant: return const_cast<float*>(program.constants) + value.index;
    }
    return nullptr;
  };
  auto operand = [&](int64_t index) { return Operand{pointer(index), program.values[index].kind}; };
  for (int64_t each = 0; each < program.instruction_count; each++) {
    const Instruction& instruction = program.instructions[each];
    const int64_t* operands = instruction.operands;
    if (instruction.opcode == Opcode::store) {
      const Output& output = program.outputs[instruction.result];
      const int64_t to = StartOf(output.kind, tile, program.columns);
      Narrow(outputs[instruction.result], output.type, to, pointer(operands[0]), tile.Count(output.kind));
      continue;
    }
    float* d = pointer(instruction.result);
    const Kind kind = program.values[instruction.result].kind;
    if (instruction.opcode == Opcode::load) {
      Load(d, program.inputs[operands[0]], inputs[operands[0]], tile, program.columns);
      continue;
    }
    const Operand a = operand(operands[0]);
    const int64_t n = tile.Count(kind);
    switch (instruction.opcode) {
      case Opcode::neg: Unary(d, a.data, n, [](float x) { return -x; }); break;
      case Opcode::exp: Unary(d, a.data, n, Exp); break;
      case Opcode::log: for (int64_t i = 0; i < n; i++) d[i] = logf(a.data[i]); break;
      case Opcode::sqrt: Unary(d, a.data, n, [](float x) { return sqrtf(x); }); break;
      case Opcode::rsqrt: Unary(d, a.data, n, [](float x) { return 1.0f / sqrtf(x); }); break;
      case Opcode::abs: Unary(d, a.data, n, [](float x) { return fabsf(x); }); break;
      case Opcode::sign:
        Unary(d, a.data, n, [](float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; });
        break;
      case Opcode::erf: Unary(d, a.data, n, Erf); break;
      case Opcode::tanh: Unary(d, a.data, n, Tanh); break;
      case Opcode::round_to_bf16: Unary(d, a.data, n, [](float x) { return AsFloat(Narrowed(x) << 16); }); break;
      case Opcode::copy:
        Binary(d, kind, a, a, tile, [](float x, float) { return x; });
        break;
      case Opcode::sum:
        for (int64_t row = 0; row < tile.rows; row++) d[row] = SumOf(a.data + row * tile.columns, tile.columns);
        break;
      case Opcode::max:
        for (int64_t row = 0; row < tile.rows; row++) d[row] = MaxOf(a.data + row * tile.columns, tile.columns);
        break;
      case Opcode::softmax:
        for (int64_t row = 0; row < tile.rows; row++)
          SoftmaxOf(d + row * tile.columns, a.data + row * tile.columns, tile.columns);
        break;
      case Opcode::where: Where(d, kind, a, operand(operands[1]), operand(operands[2]), tile); break;
      default: {
        const Operand b = operand(operands[1]);
        switch (instruction.opcode) {
          case Opcode::add: Binary(d, kind, a, b, tile, [](float x, float y) { return x + y; }); break;
          case Opcode::sub: Binary(d, kind, a, b, tile, [](float x, float y) { return x - y; }); break;
          case Opcode::mul: Binary(d, kind, a, b, tile, [](float x, float y) { return x * y; }); break;
          case Opcode::div: Binary(d, kind, a, b, tile, [](float x, float y) { return x / y; }); break;
          case Opcode::maximum: Binary(d, kind, a, b, tile, [](float x, float y) { return Larger(x, y); }); break;
          case Opcode::minimum: Binary(d, kind, a, b, tile, [](float x, float y) { return Smaller(x, y); }); break;
          case Opcode::equal: Binary(d, kind, a, b, tile, [](float x, float y) { return x == y ? 1.0f : 0.0f; }); break;
          case Opcode::not_equal:
            Binary(d, kind, a, b, tile, [](float x, float y) { return x != y ? 1.0f : 0.0f; });
            break;
          case Opcode::less: Binary(d, kind, a, b, tile, [](float x, float y) { return x < y ? 1.0f : 0.0f; }); break;
          case Opcode::less_equal:
            Binary(d, kind, a, b, tile, [](float x, float y) { return x <= y ? 1.0f : 0.0f; });
            break;
          case Opcode::greater: Binary(d, kind, a, b, tile, [](float x, float y) { return x > y ? 1.0f : 0.0f; }); break;
          case Opcode::greater_equal:
            Binary(d, kind, a, b, tile, [](float x, float y) { return x >= y ? 1.0f : 0.0f; });
            break;
          default: break;
        }
      }
    }
  }
}

}  // namespace

void MEDCTC_RUN_TILES(const Program& program, const void* const* inputs, void* const* outputs, int64_t from, int64_t to,
                      float* scratch) {
  const Tiling tiling = TilingOf(program);
  for (int64_t each = from; each < to; each++) {
    Tile tile;
    tile.row = each / tiling.across * tiling.tile_rows;
    tile.column = each % tiling.across * tiling.tile_columns;
    tile.rows = tile.row + tiling.tile_rows > program.rows ? program.rows - tile.row : tiling.tile_rows;
    tile.columns =
        tile.column + tiling.tile_columns > program.columns ? program.columns - tile.column : tiling.tile_columns;
    RunTile(program, inputs, outputs, tile, tiling.slot_size, scratch);
  }
}

}  // namespace medctc
